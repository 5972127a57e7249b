import { randomInt } from 'node:crypto';

const HOST = '127.0.0.1';
/** Above the ports that are usually configured, and mostly below those of outgoing connections. */
const PORTS = [20_000, 32_000] as const;
const MAX_TRIES = 20;
const READ_TIMEOUT_MS = 1000;

/**
 * The metrics of Temporal's SDK, which its native part counts and serves on a loopback port of its
 * own: that costs less than to hand each change to JavaScript.
 */
export class SdkMetrics {
  private constructor(readonly port: number) {}

  /**
   * Opens the port.
   *
   * @param open - starts the SDK with a given address, and throws if it is taken
   * @returns undefined if no port was free
   */
  static openWith(open: (bindAddress: string) => void): SdkMetrics | undefined {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const port = randomInt(...PORTS);
      try {
        open(`${HOST}:${port}`);
        return new SdkMetrics(port);
      } catch (error) {
        if (!/address already in use/i.test(String(error))) throw error;
      }
    }
    return undefined;
  }

  /** Renders them as text. @returns nothing if that fails: the other metrics matter more */
  async read(): Promise<string> {
    try {
      const response = await fetch(`http://${HOST}:${this.port}/metrics`, {
        signal: AbortSignal.timeout(READ_TIMEOUT_MS),
      });
      return response.ok ? await response.text() : '';
    } catch {
      return '';
    }
  }
}
