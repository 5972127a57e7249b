import { Client } from 'pg';
import type { Waits } from '../../process/pg-clients';
import { within } from '../../process/time-limit';

/** Time without an answer after which Postgres is probed, if a caller waits for it. */
const QUIET_MS = 3000;
/** How long a probe waits for an answer. */
const PROBE_MS = 3000;
/** How often the callers that wait are looked at. */
const CHECK_MS = 500;

/**
 * A statement was not sent, because Postgres has answered nothing for some seconds. It changed
 * nothing.
 */
export class PostgresSilentError extends Error {
  override readonly name = 'PostgresSilentError';

  constructor() {
    super('Postgres has not answered for some seconds, so the statement was not sent.');
  }
}

/** Asks Postgres for any answer. @returns whether there was one; an error is one, too */
export type Probe = () => Promise<boolean>;

/**
 * Ends all waits for Postgres when it has gone silent: frozen, or behind a network that drops
 * everything. Without it, a caller would wait for a connection, for its turn in a queue and for its
 * statement, one timeout after another. All pools of a process share it.
 *
 * A statement may run for long while no other one is sent, so a quiet time alone proves nothing.
 * The state is one of these:
 *
 * - HEARD: the initial state. Statements are sent. If a caller waits and nothing was answered for
 *   3 s: PROBED.
 * - PROBED: the same, and a connection of its own asks for an answer. Any answer, on any
 *   connection: HEARD. None within 3 s: SILENT.
 * - SILENT: all waits end with an error, and so do new ones immediately. Probes go on. An answer to
 *   one, or a probe during which no caller came: HEARD.
 */
export class SilenceWatch implements Waits {
  private readonly waiting = new Set<() => void>();
  private answers = 0;
  private answeredAt = performance.now();
  private checking = false;
  private probing = false;
  private refusals = 0;
  private silent = false;

  constructor(private readonly probe: Probe) {}

  /** Whether it is SILENT. */
  get isSilent(): boolean {
    return this.silent;
  }

  /** @throws PostgresSilentError if it is SILENT */
  refuseIfSilent(): void {
    if (!this.silent) return;
    this.refusals += 1;
    throw new PostgresSilentError();
  }

  begin(giveUp: () => void): void {
    // The time in which nobody asked is not a silence.
    if (this.waiting.size === 0) this.answeredAt = performance.now();
    this.waiting.add(giveUp);
    this.check();
  }

  end(giveUp: () => void): void {
    this.waiting.delete(giveUp);
  }

  answered(): void {
    this.answers += 1;
    this.answeredAt = performance.now();
  }

  private check(): void {
    if (this.checking) return;
    this.checking = true;
    setTimeout(() => {
      this.checking = false;
      if (this.waiting.size === 0) return;
      if (performance.now() - this.answeredAt >= QUIET_MS) void this.runProbes();
      this.check();
    }, CHECK_MS).unref();
  }

  private async runProbes(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    let goOn: boolean;
    do {
      const { answers, silent: wasSilent } = this;
      this.refusals = 0;
      if (await within(PROBE_MS, this.probe(), () => false)) this.answered();
      this.silent = this.answers === answers;
      if (this.silent) for (const giveUp of [...this.waiting]) giveUp();
      goOn = this.silent && (!wasSilent || this.refusals > 0);
    } while (goOn);
    this.silent = false;
    this.probing = false;
  }
}

/** Probes with a connection of its own, because those of the pools may be the silent ones. */
export function probeOf(connectionString: string): Probe {
  return async () => {
    const client = new Client({ connectionString, application_name: 'signpost-probe' });
    client.on('error', () => undefined);
    const { connection } = client as unknown as { connection: { stream: { unref?(): void; destroy(): void } } };
    let gaveUp = false;
    const giveUp = setTimeout(() => {
      gaveUp = true;
      connection.stream.destroy();
    }, PROBE_MS).unref();
    try {
      const connected = client.connect();
      // A process that ends does not wait for a probe.
      connection.stream.unref?.();
      await connected;
      await client.query('select 1');
      void client.end().catch(() => undefined);
      return true;
    } catch {
      return !gaveUp;
    } finally {
      clearTimeout(giveUp);
    }
  };
}
