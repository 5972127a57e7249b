import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { within } from '../../process/time-limit';

/** How long a probe waits for an answer. */
const PROBE_MS = 3000;
/** How long a probe waits for a commit, which takes longer on a busy disk. */
const COMMIT_PROBE_MS = 5000;
/**
 * A probe waits in this number of turns. To connect takes several answers. A process without
 * processor time reads each of them late, and that is no silence of Postgres.
 */
const TURNS = 10;
/** How often a probe looks whether the process of Postgres in which the last one hung has ended. */
const ENDED_CHECK_MS = 1000;
/** What Postgres shows for the connection of a probe. */
const PROBE_NAME = 'signpost-probe';

/**
 * Asks Postgres for an answer.
 *
 * @returns whether there was one within some seconds; an error is one, too
 */
export type Probe = () => Promise<boolean>;

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

/** @returns the result; false after the time, which a busy event loop makes longer */
async function withinTurns(limitMs: number, result: Promise<boolean>): Promise<boolean> {
  for (let turn = 0; turn < TURNS; turn++) if (await within(limitMs / TURNS, result, () => false)) return true;
  return false;
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
  const connected = client.connect();
  // A process that ends does not wait for a probe.
  connection.stream.unref?.();
  const answer = connected
    .then(() => work(client))
    .then(
      () => true,
      () => true,
    );
  const isAnswered = await withinTurns(limitMs, answer);
  if (isAnswered) void client.end().catch(() => undefined);
  else connection.stream.destroy();
  return isAnswered;
}
