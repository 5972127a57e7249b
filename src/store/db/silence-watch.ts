import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Waits } from '../../process/pg-clients';
import { within } from '../../process/time-limit';

/** Time without an answer after which Postgres is probed, if a caller waits for it. */
const QUIET_MS = 3000;
/** How long a probe waits for an answer. */
const PROBE_MS = 3000;
/** How long a probe waits for a commit, which takes longer on a busy disk. */
const COMMIT_PROBE_MS = 5000;
/** How often a probe looks whether the process of Postgres in which the last one hung has ended. */
const ENDED_CHECK_MS = 1000;
/** What Postgres shows for the connection of a probe. */
const PROBE_NAME = 'signpost-probe';
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

  /** @param probeMs - how long a probe may take */
  constructor(
    private readonly probe: Probe,
    private readonly probeMs = PROBE_MS,
  ) {}

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
      if (await within(this.probeMs, this.probe(), () => false)) this.answered();
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
    this.commits = new SilenceWatch(commitProbe, COMMIT_PROBE_MS);
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

/** Probes with a connection of its own, because those of the pools may be the silent ones. */
export function probeOf(connectionString: string): Probe {
  return () => ask(connectionString, PROBE_MS, (client) => client.query('select 1'));
}

/**
 * Probes by a commit, which leaves an empty message in the log of Postgres and nothing else.
 *
 * Postgres does not notice that a connection was closed whose commit hangs. So that a long outage
 * does not use up its connections, a probe first ends the process in which the last one hangs. If
 * that is impossible, commits hang still, and it tries none.
 */
export function commitProbeOf(connectionString: string): Probe {
  let hanging: number | undefined;
  const isEnding = async (client: Client, pid: number) => {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where pid = $1 and application_name = $2 and pid <> pg_backend_pid()`,
      [pid, PROBE_NAME],
    );
    return rowCount !== 0;
  };
  return () =>
    ask(connectionString, COMMIT_PROBE_MS, async (client) => {
      while (hanging !== undefined && (await isEnding(client, hanging))) await sleep(ENDED_CHECK_MS);
      await client.query('begin');
      const { rows } = await client.query<{ pid: number }>(
        `select pg_backend_pid() as pid, pg_logical_emit_message(true, 'signpost', '')`,
      );
      hanging = rows[0]!.pid;
      await client.query('commit');
      hanging = undefined;
    });
}

/** @returns whether the work ended, or failed by an error of Postgres, within the time */
async function ask(
  connectionString: string,
  limitMs: number,
  work: (client: Client) => Promise<unknown>,
): Promise<boolean> {
  const client = new Client({ connectionString, application_name: PROBE_NAME });
  client.on('error', () => undefined);
  const { connection } = client as unknown as { connection: { stream: { unref?(): void; destroy(): void } } };
  let gaveUp = false;
  const giveUp = setTimeout(() => {
    gaveUp = true;
    connection.stream.destroy();
  }, limitMs).unref();
  try {
    const connected = client.connect();
    // A process that ends does not wait for a probe.
    connection.stream.unref?.();
    await connected;
    await work(client);
    void client.end().catch(() => undefined);
    return true;
  } catch {
    return !gaveUp;
  } finally {
    clearTimeout(giveUp);
  }
}
