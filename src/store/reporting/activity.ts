import type { Activity, ActivityKind, Moment, Position } from '../../domain/activity';
import { encodeId, uuidFloor, uuidsSharingTime } from '../../domain/ids';
import type { NotificationStatus } from '../../domain/types';
import type { Executor } from '../db/database';

/**
 * Maximum time from generating an id to the commit of its row, in ms. Includes clock skew between
 * machines.
 */
const LATE_MS = 20_000;
/** A snapshot before every transaction: every row becomes visible after it. */
const BEFORE_ALL = '3:3:';

/** An entry of the activity stream, with the id of the row it was read from. */
export interface ActivityRow {
  uuid: string;
  activity: Activity;
  /** Whether the customer has a notification of the event. Otherwise it does not see the event. */
  isNotified: boolean;
}

/** Reads the current moment: the snapshot of what is committed, and the time. */
export async function momentOfNow(db: Executor): Promise<Moment> {
  const { rows } = await db.query<{ snapshot: string; time_ms: number }>({
    name: 'moment-of-now',
    text: 'select pg_current_snapshot()::text as snapshot, floor(extract(epoch from clock_timestamp()) * 1000)::bigint as time_ms',
  });
  return { snapshot: rows[0]!.snapshot, timeMs: rows[0]!.time_ms };
}

/**
 * Adapts a client's position to this database. If the position is ahead of the database, which was
 * restored from a backup, only its time is kept, preferring a duplicate over a gap.
 */
export function adopted(position: Position, now: Moment): Position {
  const latest = position.reading?.until ?? position.seen;
  if (xmax(latest) <= xmax(now)) return position;
  return { seen: { snapshot: BEFORE_ALL, timeMs: position.seen.timeMs } };
}

function xmax({ snapshot }: Moment): bigint {
  return BigInt(snapshot.split(':')[1]!);
}

/**
 * Most of the scanned rows were visible in the first snapshot already, so that condition comes
 * first.
 */
const LIST = ['events', 'attempts', 'activity']
  .map(
    (table) => `(
      select '${table}' as source, id from ${table}
      where id >= $4 and id > $5 and not pg_visible_in_snapshot(full_xid(xmin, $3), $1) and pg_visible_in_snapshot(full_xid(xmin, $3), $2)
      order by id limit $6
    )`,
  )
  .join(' union all ')
  .concat(' order by id limit $6');

/**
 * Lists what became visible between two moments, in the order of ids.
 *
 * @param after - returns rows after this id only
 * @param sinceMs - leaves out rows whose id is older, in ms since the epoch
 * @returns the rows; `more` is the id to continue after, if there may be more rows
 */
export async function listActivity(
  db: Executor,
  between: { seen: Moment; until: Moment },
  after: string | undefined,
  sinceMs: number,
  limit: number,
): Promise<{ rows: ActivityRow[]; more?: string }> {
  const floor = uuidFloor(Math.max(sinceMs, between.seen.timeMs - LATE_MS));
  const { rows } = await db.query<{ source: keyof typeof READERS; id: string }>({
    name: 'list-activity',
    text: LIST,
    values: [
      between.seen.snapshot,
      between.until.snapshot,
      String(xmax(between.until)),
      floor,
      after ?? uuidFloor(0),
      limit,
    ],
  });
  const found = await Promise.all(
    (Object.keys(READERS) as (keyof typeof READERS)[]).map((source) => {
      const ids = rows.filter((row) => row.source === source).map(({ id }) => id);
      return ids.length > 0 ? READERS[source](db, ids) : Promise.resolve([]);
    }),
  );
  return {
    rows: found.flat().sort((a, b) => (a.uuid < b.uuid ? -1 : 1)),
    more: rows.length === limit ? rows.at(-1)?.id : undefined,
  };
}

/** Reads the entries of rows, by table. The bounds exclude the partitions of other days. */
const READERS = { events: readEvents, attempts: readAttempts, activity: readChanges };

interface EventRow {
  id: string;
  given_id: string | null;
  product_id: string;
  customer_id: string | null;
  type: string;
  at: Date;
}

async function readEvents(db: Executor, ids: string[]): Promise<ActivityRow[]> {
  const { rows } = await db.query<EventRow & { is_notified: boolean }>({
    name: 'activity-events',
    text: `select id, given_id, product_id, customer_id, type, accepted_at as at,
             exists (select from notifications n where n.event_id = e.id and n.customer_id = e.customer_id and n.id between $4 and $5) as is_notified
           from events e where id = any($1) and id between $2 and $3`,
    values: [ids, ids[0], ids.at(-1), uuidsSharingTime(ids[0]!)[0], uuidsSharingTime(ids.at(-1)!)[1]],
  });
  return rows.map((row) => ({
    uuid: row.id,
    isNotified: row.is_notified,
    activity: {
      kind: 'event.accepted',
      at: row.at,
      type: row.type,
      eventId: row.given_id ?? encodeId('evt', row.id),
      productId: row.product_id,
      customerId: row.customer_id,
      subscriptionId: null,
      notificationId: null,
      status: null,
      attempt: null,
    },
  }));
}

interface ChangeRow extends EventRow {
  kind: ActivityKind;
  event_id: string;
  notification_id: string;
  subscription_id: string;
  status: NotificationStatus;
}

async function readChanges(db: Executor, ids: string[]): Promise<ActivityRow[]> {
  const { rows } = await db.query<ChangeRow>({
    name: 'activity-changes',
    text: `select a.id, a.kind, a.at, a.event_type as type, a.event_id, e.given_id, a.product_id, a.customer_id, a.subscription_id, a.notification_id, a.status
           from activity a left join events e on e.id = a.event_id where a.id = any($1)`,
    values: [ids],
  });
  return rows.map((row) => ({
    uuid: row.id,
    isNotified: true,
    activity: { ...ofNotification(row), kind: row.kind, attempt: null },
  }));
}

interface AttemptRow extends ChangeRow {
  number: number;
  response_status: number | null;
  error_class: string | null;
}

async function readAttempts(db: Executor, ids: string[]): Promise<ActivityRow[]> {
  const { rows } = await db.query<AttemptRow>({
    name: 'activity-attempts',
    text: `select a.id, a.finished_at as at, n.event_type as type, n.event_id, e.given_id, n.product_id, n.customer_id, a.subscription_id, a.notification_id,
             coalesce(a.notification_status, case when a.error_class is null then 'delivered' else 'retrying' end) as status,
             a.number, a.response_status, a.error_class
           from attempts a join notifications n on n.id = a.notification_id left join events e on e.id = n.event_id
           where a.id = any($1) and a.id between $2 and $3`,
    values: [ids, ids[0], ids.at(-1)],
  });
  return rows.map((row) => ({
    uuid: row.id,
    isNotified: true,
    activity: {
      ...ofNotification(row),
      kind: 'attempt.finished',
      attempt: {
        id: encodeId('att', row.id),
        number: row.number,
        responseStatus: row.response_status,
        errorClass: row.error_class,
      },
    },
  }));
}

function ofNotification(row: ChangeRow): Omit<Activity, 'kind' | 'attempt'> {
  return {
    at: row.at,
    type: row.type,
    eventId: row.given_id ?? encodeId('evt', row.event_id),
    productId: row.product_id,
    customerId: row.customer_id,
    subscriptionId: encodeId('sub', row.subscription_id),
    notificationId: encodeId('ntf', row.notification_id),
    status: row.status,
  };
}

/** Deletes entries that are older than the activity stream can show. */
export async function deleteOldActivity(db: Executor, olderThanSeconds: number): Promise<void> {
  await db.query({
    text: 'delete from activity where id < $1',
    values: [uuidFloor(Date.now() - olderThanSeconds * 1000)],
  });
}
