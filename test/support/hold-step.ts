import { Client } from 'pg';
import type { TestDatabase } from './database';
import { until } from './until';

const KEY = 4711;
const WAITING = `select pid from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`;

/** A statement at which sessions of Postgres wait, so that a process can be killed there. */
export interface HeldStep {
  /** Resolves when a session waits there. */
  reached(): Promise<void>;
  /** Lets the sessions go on, and has no more wait. */
  release(): Promise<void>;
  /** Ends the sessions that wait there, as Postgres does when their process is gone. */
  abort(): Promise<void>;
}

/**
 * Holds sessions before a statement takes effect.
 *
 * @param step - event and table of a trigger, and its condition on rows if any
 */
export async function holdStep(database: TestDatabase, step: string): Promise<HeldStep> {
  const holder = new Client(database.url);
  await holder.connect();
  const level = step.includes(' when ') ? step.replace(' when ', ' for each row when ') : `${step} for each statement`;
  await holder.query(`
    create function hold_step() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(${KEY}); return new; end $$;
    create trigger hold_step before ${level} execute function hold_step();`);
  await holder.query(`select pg_advisory_lock(${KEY})`);
  const end = async () => {
    await holder.end();
    // Sessions that waited hold the table until they commit, which may take longer than the pool's
    // limit on locks.
    const client = new Client(database.url);
    await client.connect();
    await client.query('drop function hold_step cascade').finally(() => client.end());
  };
  return {
    async reached() {
      await until(
        () => database.db.query({ text: WAITING }),
        ({ rows }) => rows.length > 0,
      );
    },
    release: end,
    async abort() {
      await database.db.query({ text: `select pg_terminate_backend(pid) from (${WAITING}) w` });
      await end();
    },
  };
}
