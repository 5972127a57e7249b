import type { Waits } from '../../process/pg-clients';
import type { Probe } from './silence-probes';

/** Time without an answer after which Postgres is probed, if a caller waits for it. */
const QUIET_MS = 3000;
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

/** Ends the waits of callers, and refuses new ones, while Postgres is silent. */
export interface Watch extends Waits {
  /** Whether Postgres is silent. Who asks counts as a caller: probes go on for it. */
  isSilent(): boolean;
}

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
export class SilenceWatch implements Watch {
  /** When each wait began, the oldest first. */
  private readonly waiting = new Map<() => void, number>();
  private answers = 0;
  private answeredAt = -Infinity;
  private checking = false;
  private probing = false;
  private askers = 0;
  private silent = false;

  constructor(private readonly probe: Probe) {}

  isSilent(): boolean {
    if (this.silent) this.askers += 1;
    return this.silent;
  }

  begin(giveUp: () => void): void {
    this.waiting.set(giveUp, performance.now());
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
      const [oldest] = this.waiting.values();
      if (oldest === undefined) return;
      if (performance.now() - Math.max(this.answeredAt, oldest) >= QUIET_MS) void this.runProbes();
      this.check();
    }, CHECK_MS).unref();
  }

  private async runProbes(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    let goOn: boolean;
    do {
      const { answers, silent: wasSilent } = this;
      this.askers = 0;
      if (await this.probe()) this.answered();
      this.silent = this.answers === answers;
      if (this.silent) for (const giveUp of [...this.waiting.keys()]) giveUp();
      goOn = this.silent && (!wasSilent || this.askers > 0);
    } while (goOn);
    this.silent = false;
    this.probing = false;
  }
}

/**
 * The watch of pools that write. Commits may hang while statements are answered: a synchronous
 * standby is gone, the disk does not take the log, or one process of Postgres was stopped while it
 * wrote. So answers to statements prove nothing here, only those to a probe that commits.
 */
export class WritesWatch implements Watch {
  private readonly commits: SilenceWatch;

  /**
   * @param statements - the watch of all pools
   * @param commitProbe - commits a transaction that is in the log of Postgres
   */
  constructor(
    private readonly statements: SilenceWatch,
    commitProbe: Probe,
  ) {
    this.commits = new SilenceWatch(commitProbe);
  }

  isSilent(): boolean {
    return this.statements.isSilent() || this.commits.isSilent();
  }

  begin(giveUp: () => void): void {
    this.statements.begin(giveUp);
    this.commits.begin(giveUp);
  }

  end(giveUp: () => void): void {
    this.statements.end(giveUp);
    this.commits.end(giveUp);
  }

  answered(): void {
    this.statements.answered();
  }
}
