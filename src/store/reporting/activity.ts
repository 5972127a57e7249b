import type { Activity, ActivityKind, Moment, Position } from '../../domain/activity';
import { encodeId, uuidFloor, uuidsSharingTime, uuidTime } from '../../domain/ids';
import type { NotificationStatus } from '../../domain/types';
import type { Executor } from '../db/database';
import { byWindow } from '../db/windows';

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

/**
 * Reads the entries of rows, by table. The bounds exclude the partitions of other days. They are
 * parameters, so these statements are not prepared: a generic plan locks every partition.
 */
const READERS = { events: readEvents, attempts: readAttempts, activity: readChanges };

interface EventRow {
  id: string;
  given_id: string | null;
  product_id: string;
  customer_id: string | null;
  type: string;
}

async function readEvents(db: Executor, ids: string[]): Promise<ActivityRow[]> {
  const { rows } = await db.query<EventRow & { is_notified: boolean }>({
    text: `select id, given_id, product_id, customer_id, type,
             exists (select from notifications n where n.event_id = e.id and n.customer_id = e.customer_id and n.id between $4 and $5) as is_notified
           from events e where id = any($1) and id between $2 and $3`,
    values: [ids, ids[0], ids.at(-1), uuidsSharingTime(ids[0]!)[0], uuidsSharingTime(ids.at(-1)!)[1]],
  });
  return rows.map((row) => ({
    uuid: row.id,
    isNotified: row.is_notified,
    activity: {
      kind: 'event.accepted',
      at: uuidTime(row.id),
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

/** What an entry shows of its notification. */
interface OfNotification {
  type: string;
  event_id: string;
  given_id: string | null;
  product_id: string;
  customer_id: string;
}

interface ChangeRow extends OfNotification {
  id: string;
  kind: ActivityKind;
  at: Date;
  notification_id: string;
  subscription_id: string;
  status: NotificationStatus;
}

async function readChanges(db: Executor, ids: string[]): Promise<ActivityRow[]> {
  const { rows } = await db.query<Omit<ChangeRow, 'given_id'>>({
    name: 'activity-changes',
    text: `select id, kind, at, event_type as type, event_id, product_id, customer_id, subscription_id, notification_id, status
           from activity where id = any($1)`,
    values: [ids],
  });
  const givenIds = await readGivenIds(
    db,
    rows.map((row) => row.event_id),
  );
  return rows.map((row) => ({
    uuid: row.id,
    isNotified: true,
    activity: {
      ...ofNotification({ ...row, given_id: givenIds.get(row.event_id) ?? null }),
      kind: row.kind,
      attempt: null,
    },
  }));
}

/** Reads the ids that producers chose, by the ids of the events. */
async function readGivenIds(db: Executor, eventIds: readonly string[]): Promise<Map<string, string>> {
  const givenIds = new Map<string, string>();
  for (const [window, ids] of byWindow(eventIds, (id) => id)) {
    const { rows } = await db.query<{ id: string; given_id: string }>({
      text: `select id, given_id from events where id = any($1) and ${window.has('id')} and given_id is not null`,
      values: [ids],
    });
    for (const { id, given_id: givenId } of rows) givenIds.set(id, givenId);
  }
  return givenIds;
}

interface AttemptRow extends Omit<ChangeRow, 'kind' | keyof OfNotification> {
  number: number;
  response_status: number | null;
  error_class: string | null;
}

async function readAttempts(db: Executor, ids: string[]): Promise<ActivityRow[]> {
  const { rows } = await db.query<AttemptRow>({
    text: `select id, finished_at as at, subscription_id, notification_id,
             coalesce(notification_status, case when error_class is null then 'delivered' else 'retrying' end) as status,
             number, response_status, error_class
           from attempts where id = any($1) and id between $2 and $3`,
    values: [ids, ids[0], ids.at(-1)],
  });
  const notifications = await readNotifications(
    db,
    rows.map((row) => row.notification_id),
  );
  return rows.flatMap((row) => {
    const notification = notifications.get(row.notification_id);
    if (!notification) return [];
    const attempt = {
      id: encodeId('att', row.id),
      number: row.number,
      responseStatus: row.response_status,
      errorClass: row.error_class,
    };
    const activity = { ...ofNotification({ ...row, ...notification }), kind: 'attempt.finished' as const, attempt };
    return [{ uuid: row.id, isNotified: true, activity }];
  });
}

/** Notifications of attempts may be old. The id of each begins like the id of its event. */
async function readNotifications(db: Executor, ids: readonly string[]): Promise<Map<string, OfNotification>> {
  const notifications = new Map<string, OfNotification>();
  for (const [window, group] of byWindow([...new Set(ids)], (id) => id)) {
    const { rows } = await db.query<OfNotification & { id: string }>({
      text: `select n.id, n.event_type as type, n.event_id, e.given_id, n.product_id, n.customer_id
             from notifications n left join events e on e.id = n.event_id and ${window.has('e.id')}
             where n.id = any($1) and ${window.has('n.id')}`,
      values: [group],
    });
    for (const { id, ...notification } of rows) notifications.set(id, notification);
  }
  return notifications;
}

function ofNotification(row: Omit<ChangeRow, 'id' | 'kind'>): Omit<Activity, 'kind' | 'attempt'> {
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
