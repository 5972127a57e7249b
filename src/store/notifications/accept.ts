import { type Lane } from '../../domain/delivery';
import { encodeId, uuidsSharingTime } from '../../domain/ids';
import type { Executor } from '../db/database';
import { arrayLiteral, textArray } from '../db/text-array';
import { ACCEPT, ACCEPT_TO_ALL } from './accept-statement';
import type { EventToAccept, AcceptFault, AcceptResult, AcceptedNotification } from '../../domain/acceptance';
import { byWindow, perWindow } from '../db/windows';
import { findFirstUses, findTakenIds, type FirstUse } from './event-keys';
import { publicEventId } from '../../domain/acceptance';
import { textToStore } from '../../domain/timestamp';

export interface AcceptRow {
  position: number;
  fault: AcceptFault | null;
  owner: string | null;
  duplicate: boolean;
  notification_id: string | null;
  subscription_id: string;
  customer_id: string;
  status: 'pending' | 'held';
  schedule: number[];
  lane: Lane;
  claimed: boolean;
  host: string | null;
  revision: number | null;
}

/**
 * Accepts events in one statement, and so in one transaction: when it returns, the accepted events
 * are committed. A refused event does not affect the others.
 *
 * @param claimedBy - the process that makes the first attempts; null leaves them to the workflows
 * @returns one result per event, in order
 */
export async function acceptEvents(
  db: Executor,
  events: readonly EventToAccept[],
  claimedBy: string | null = null,
): Promise<AcceptResult[]> {
  const taken = await findTakenIds(
    db,
    events.map(({ id }) => id),
  );
  const { rows } = await db.query<AcceptRow>({
    ...(events.some(({ customerId }) => customerId === undefined) ? ACCEPT_TO_ALL : ACCEPT),
    values: [
      events.map((event) => event.uuid),
      events.map((event) => event.id ?? null),
      events.map((event) => event.productId ?? null),
      events.map((event) => event.type),
      events.map((event) => event.schemaVersion),
      events.map((event) => event.customerId ?? null),
      events.map((event) => JSON.stringify(event.channels)),
      events.map((event) => event.timestamp.at),
      textArray(events.map((event) => event.data)),
      textArray(events.map((event) => event.user ?? null)),
      events.map((event) => event.bodyHash),
      claimedBy,
      events.map((event) => textToStore(event.timestamp)),
      events.map((event) => (event.id === undefined ? null : (taken.get(event.id) ?? null))),
      events.map(({ searchItems }) => (searchItems ? arrayLiteral(searchItems) : null)),
      events.map(({ traceparent }) => traceparent ?? null),
    ],
  });
  const results: (AcceptResult | undefined)[] = events.map(() => undefined);
  const repeats: { index: number; event: EventToAccept; owner: string }[] = [];
  for (const row of rows) {
    const index = row.position - 1;
    const event = events[index]!;
    if (row.duplicate) {
      repeats.push({ index, event, owner: row.owner! });
    } else if (row.fault) {
      results[index] = { kind: 'refused', fault: row.fault };
    } else {
      const result = (results[index] ??= {
        kind: 'accepted',
        id: publicEventId(event),
        duplicate: false,
        notifications: [],
      });
      if (result.kind === 'accepted' && row.notification_id) result.notifications.push(toAccepted(row, event.type));
    }
  }
  const repeated = await resultsOfRepeats(db, await findUses(db, repeats));
  repeats.forEach(({ index }, position) => (results[index] = repeated[position]));
  return results as AcceptResult[];
}

export function toAccepted(row: AcceptRow, eventType: string): AcceptedNotification {
  return {
    notificationId: encodeId('ntf', row.notification_id!),
    subscriptionId: encodeId('sub', row.subscription_id),
    customerId: row.customer_id,
    eventType,
    schedule: row.schedule,
    lane: row.lane,
    status: row.status,
    productId: row.owner!,
    claimed: row.claimed,
    host: row.host,
    subscriptionRevision: row.revision,
  };
}

/** A post of an event whose id was used before. `use` is undefined if it is not kept any more. */
export interface Repeat {
  event: Pick<EventToAccept, 'id' | 'uuid' | 'type'>;
  use: FirstUse | undefined;
}

async function findUses(db: Executor, repeats: readonly { event: EventToAccept; owner: string }[]): Promise<Repeat[]> {
  if (repeats.length === 0) return [];
  const uses = await findFirstUses(
    db,
    repeats.map(({ event, owner }) => ({ owner, givenId: event.id!, bodyHash: event.bodyHash })),
  );
  return repeats.map(({ event }, index) => ({ event, use: uses[index] }));
}

type FirstNotification = Omit<AcceptRow, 'owner'> & { event_id: string };

/**
 * The notifications that were stored together with an event, without those of replays.
 *
 * The ids of an event and of its notifications begin alike. Between these bounds there are few
 * rows, also for a plan that was made while the partition was empty and reads the primary key.
 */
const FIRST_NOTIFICATIONS = perWindow(
  'first-notifications',
  (
    has,
  ) => `select n.event_id, n.id as notification_id, n.subscription_id, n.customer_id, n.accepted_as as status, n.retry_schedule as schedule, 'fast' as lane, false as claimed, null as host, null as revision
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as i (id, first, last)
        cross join lateral (select id, accepted_at from events e where e.id = i.id and ${has('e.id')} offset 0) e
        cross join lateral (
          select * from notifications n where n.event_id = e.id and n.id between i.first and i.last and ${has('n.id')} offset 0
        ) n
        where n.created_at = e.accepted_at
        order by n.subscription_id`,
);

/** The results of the first posts of events, for repeats of them. */
export async function resultsOfRepeats(db: Executor, repeats: readonly Repeat[]): Promise<AcceptResult[]> {
  const first = new Map<string, FirstNotification[]>();
  for (const { use } of repeats) if (use?.isSame) first.set(use.eventId, []);
  for (const [window, eventIds] of byWindow([...first.keys()], (id) => id)) {
    const bounds = eventIds.map(uuidsSharingTime);
    const { rows } = await db.query<FirstNotification>({
      ...FIRST_NOTIFICATIONS(window),
      values: [eventIds, bounds.map(([lowest]) => lowest), bounds.map(([, highest]) => highest)],
    });
    for (const row of rows) first.get(row.event_id)!.push(row);
  }
  return repeats.map(({ event, use }) => {
    if (!use?.isSame) return { kind: 'refused', fault: 'event-id-conflict' };
    const notifications = first.get(use.eventId)!.map((row) => toAccepted({ ...row, owner: use.owner }, event.type));
    return { kind: 'accepted', id: publicEventId(event), duplicate: true, notifications };
  });
}
