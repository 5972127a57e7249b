import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { connectAlone, whileLocked } from './advisory-lock';
import { isContended } from './database';

/** Advisory lock of the process that builds. Any number that nothing else in the database uses. */
const LOCK = 727_183_402;
const ATTACH_TRIES = 30;
const ATTACH_RETRY_MS = 2000;

interface MissingIndex {
  parent: string;
  partition: string;
  name: string;
  /** The definition from its access method on: `btree (product_id, id)`. */
  definition: string;
}

/**
 * Builds the indexes that a migration created for a partitioned table only, on each partition that
 * lacks them, newest first. Writers are not blocked. Several processes may call it: one builds, the
 * others return immediately. A build that was interrupted is repeated by the next call.
 *
 * @param signal - ends the work; the call resolves soon after
 * @returns the indexes that were built
 */
export async function completeIndexes(connectionString: string, signal?: AbortSignal): Promise<string[]> {
  const built = await whileLocked(connectionString, LOCK, { wait: false }, (lost) =>
    buildMissing(connectionString, signal ? AbortSignal.any([lost, signal]) : lost),
  );
  return built ?? [];
}

async function buildMissing(connectionString: string, stop: AbortSignal): Promise<string[]> {
  const client = await connectAlone(connectionString, 'signpost-indexes');
  // A statement in flight is abandoned: Postgres may finish it.
  let ending: Promise<void> | undefined;
  const end = () => (ending ??= client.end());
  stop.addEventListener('abort', () => void end());
  const built: string[] = [];
  try {
    for (const index of await findMissing(client)) {
      if (stop.aborted) break;
      await build(client, index);
      await attach(client, index);
      built.push(index.name);
    }
    return built;
  } catch (error) {
    if (stop.aborted) return built;
    throw error;
  } finally {
    await end();
  }
}

async function findMissing(client: Client): Promise<MissingIndex[]> {
  const { rows } = await client.query<MissingIndex>(
    `select quote_ident(pc.relname) as parent, quote_ident(t.relname) as partition,
       quote_ident(left(t.relname || '_' || pc.relname, 63)) as name,
       split_part(pg_get_indexdef(p.indexrelid), ' USING ', 2) as definition
     from pg_index p
     join pg_class pc on pc.oid = p.indexrelid and pc.relkind = 'I' and pc.relnamespace = current_schema()::regnamespace
     join pg_inherits i on i.inhparent = p.indrelid
     join pg_class t on t.oid = i.inhrelid
     where not p.indisvalid and not exists (
       select from pg_inherits a join pg_index c on c.indexrelid = a.inhrelid
       where a.inhparent = p.indexrelid and c.indrelid = i.inhrelid
     )
     order by t.relname desc, pc.relname`,
  );
  return rows;
}

async function build(client: Client, { name, partition, definition }: MissingIndex): Promise<void> {
  const { rows } = await client.query<{ valid: boolean }>(
    'select indisvalid as valid from pg_index where indexrelid = to_regclass($1)',
    [name],
  );
  if (rows[0]?.valid) return;
  // An interrupted build leaves an index that cannot be used.
  if (rows[0]) await client.query(`drop index concurrently ${name}`);
  await client.query(`create index concurrently ${name} on ${partition} using ${definition}`);
}

/** Locks the index for a moment. It gives way to statements that use it, and tries again. */
async function attach(client: Client, { parent, name }: MissingIndex): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      // Together they are one transaction, so the timeout stays behind in no connection.
      await client.query(`set local lock_timeout = '1s'; alter index ${parent} attach partition ${name}`);
      return;
    } catch (error) {
      if (!isContended(error) || tries >= ATTACH_TRIES) throw error;
      await sleep(ATTACH_RETRY_MS);
    }
  }
}
