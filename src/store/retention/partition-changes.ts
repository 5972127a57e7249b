import { isNone, type Expired } from '../../domain/retention';
import { isContended, type Executor } from '../db/database';
import { idsOfDay, type DailyPartition, type DailyTable } from '../db/partition-catalog';
import { hasExpired } from './limits';

/**
 * How long a swap waits for a lock. Statements that come meanwhile queue behind it, so this is what
 * a reader such as a backup can cost them.
 */
const LOCK_TIMEOUT = '250ms';
const SWAP_TRIES = 5;
const DELETE_BATCH = 5000;

export const OPEN = `('pending', 'delivering', 'retrying', 'held')`;

/** The columns that expire first. */
const PAYLOAD: Record<DailyTable, readonly string[]> = {
  events: ['data', 'user_context', 'search_items'],
  attempts: ['request_headers', 'request_body', 'response_headers', 'response_body'],
  notifications: [],
};

/** Open notifications of a day. */
export async function countOpenIn(db: Executor, notifications: DailyPartition): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    text: `select count(*) from ${notifications.name} where status in ${OPEN}`,
  });
  return rows[0]!.count;
}

/**
 * Drops a partition, unless it contains an open notification.
 *
 * @returns whether it is gone; false if a table is locked or a notification was opened
 */
export function dropPartition(db: Executor, { table, name }: { table: string; name: string }): Promise<boolean> {
  const check =
    table === 'notifications'
      ? `if exists (select from ${name} where status in ${OPEN}) then raise sqlstate '55P03'; end if;`
      : '';
  return unlessLocked(
    db,
    `do $do$ begin
      perform set_config('lock_timeout', '${LOCK_TIMEOUT}', true);
      alter table ${table} detach partition ${name};
      ${check}
      drop table ${name};
    end $do$`,
  );
}

/** What of a day has expired. */
export interface DayExpiry {
  payload: Expired;
  history: Expired;
  /** The notifications of the day, if there are any. Events of open ones are kept as they are. */
  notifications: DailyPartition | undefined;
}

/**
 * Replaces a partition of events or attempts by a copy without what has expired, which returns the
 * space on disk. The rows of these tables never change, and no row is added to a past day, so a
 * lock on writers of this partition keeps nobody waiting. Readers wait for the moment of the swap.
 *
 * @returns whether it was replaced; false if a table is locked
 */
export async function rewritePartition(
  db: Executor,
  { table, name, day }: DailyPartition,
  { payload, history, notifications }: DayExpiry,
): Promise<boolean> {
  const open =
    table === 'events' && notifications
      ? `exists (select from ${notifications.name} n where n.event_id = t.id and n.status in ${OPEN})`
      : 'false';
  const expires = `(${hasExpired(payload, 't.product_id')} and not ${open})`;
  const columns = await columnsOf(db, table);
  const values = columns.map((column) =>
    PAYLOAD[table].includes(column) ? `case when not ${expires} then t.${column} end` : `t.${column}`,
  );
  const [from, to] = idsOfDay(day);
  const copy = `${name}_kept`;
  return unlessLocked(
    db,
    `do $do$
    declare tries integer := 0;
    begin
      perform set_config('lock_timeout', '2s', true);
      lock table ${name} in share mode;
      create table ${copy} (like ${table} including defaults including storage including indexes,
        constraint ${name}_day check (id >= '${from}' and id < '${to}'));
      insert into ${copy} (${columns.join(', ')}) select ${values.join(', ')} from ${name} t
        where ${isNone(history) ? 'true' : `not ${hasExpired(history, 't.product_id')} or ${open}`};
      ${table === 'events' ? `create index on ${copy} (given_id) where given_id is not null;` : ''}
      perform set_config('lock_timeout', '${LOCK_TIMEOUT}', true);
      loop
        begin
          alter table ${table} detach partition ${name};
          alter table ${table} attach partition ${copy} for values from ('${from}') to ('${to}');
          exit;
        exception when lock_not_available then
          tries := tries + 1;
          if tries >= ${SWAP_TRIES} then raise; end if;
          perform pg_sleep(1);
        end;
      end loop;
      drop table ${name};
      alter table ${copy} rename to ${name};
    end $do$`,
  );
}

/** Deletes closed notifications of products whose history has expired, a batch at a time. */
export async function deleteClosed(db: Executor, { name }: DailyPartition, history: Expired): Promise<void> {
  if (isNone(history)) return;
  await deleteInBatches(db, name, `status not in ${OPEN} and ${hasExpired(history, 'product_id')}`);
}

/** Deletes rows in statements that are short enough to hold no lock for long. */
export async function deleteInBatches(db: Executor, table: string, where: string): Promise<number> {
  for (let deleted = 0; ;) {
    const { rowCount } = await db.query({
      text: `delete from ${table} where id in (select id from ${table} where ${where} limit ${DELETE_BATCH})`,
    });
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < DELETE_BATCH) return deleted;
  }
}

async function columnsOf(db: Executor, table: DailyTable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>({
    text: `select quote_ident(attname) as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    values: [table],
  });
  return rows.map(({ name }) => name);
}

async function unlessLocked(db: Executor, text: string): Promise<boolean> {
  try {
    await db.query({ text });
    return true;
  } catch (error) {
    // 42P07, 23505: another process is replacing the same partition.
    if (isContended(error) || ['42P07', '23505'].includes((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
}
