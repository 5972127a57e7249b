import { Client } from 'pg';
import type { Database } from '../../src/store/db/database';
import { until } from './until';

/**
 * Makes all commits hang, as when the synchronous standby is gone.
 *
 * @param url - of a Postgres of this test alone
 * @returns lets them go on
 */
export async function hangCommits(url: string, db: Database): Promise<() => Promise<void>> {
  const alter = async (change: string) => {
    await db.query({ text: `alter system ${change}` });
    await db.query({ text: 'select pg_reload_conf()' });
  };
  await alter("set synchronous_standby_names = 'nobody'");
  await untilCommitsWait(url, db);
  return () => alter('reset synchronous_standby_names');
}

/** Resolves when a commit waits for a standby: Postgres reads its configuration later. */
async function untilCommitsWait(url: string, db: Database): Promise<void> {
  const probe = new Client(url);
  probe.on('error', () => undefined);
  await probe.connect();
  const { processID } = probe as unknown as { processID: number };
  const probing = (async () => {
    for (;;) await probe.query("select pg_logical_emit_message(true, 'probe', '')");
  })().catch(() => undefined);
  await until(
    () =>
      db.query({
        text: "select from pg_stat_activity where pid = $1 and wait_event = 'SyncRep'",
        values: [processID],
      }),
    ({ rows }) => rows.length > 0,
  );
  await db.query({ text: 'select pg_terminate_backend($1)', values: [processID] });
  await probing;
  await probe.end().catch(() => undefined);
}
