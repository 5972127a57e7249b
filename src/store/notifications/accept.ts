import { type Lane } from '../../domain/delivery';
import { encodeId } from '../../domain/ids';
import type { Executor } from '../db/database';
import { textArray } from '../db/text-array';
import { ACCEPT, ACCEPT_TO_ALL } from './accept-statement';
import type { EventToAccept, AcceptFault, AcceptResult, AcceptedNotification } from '../../domain/acceptance';
import { windowOf } from '../db/windows';
import { findEventKey } from './event-keys';
import { publicEventId } from '../../domain/acceptance';

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
      events.map((event) => event.timestamp),
      textArray(events.map((event) => event.data)),
      textArray(events.map((event) => event.user ?? null)),
      events.map((event) => event.bodyHash),
      claimedBy,
    ],
  });
  const results: (AcceptResult | undefined)[] = events.map(() => undefined);
  const duplicates: { index: number; owner: string }[] = [];
  for (const row of rows) {
    const index = row.position - 1;
    const event = events[index]!;
    if (row.duplicate) {
      duplicates.push({ index, owner: row.owner! });
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
  for (const { index, owner } of duplicates) results[index] = await firstResult(db, events[index]!, owner);
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

/** The result of the first post of an event id. */
async function firstResult(db: Executor, event: EventToAccept, owner: string): Promise<AcceptResult> {
  const key = await findEventKey(db, owner, event.id!);
  if (!key?.bodyHash.equals(event.bodyHash)) return { kind: 'refused', fault: 'event-id-conflict' };
  const window = windowOf(key.eventId);
  const { rows } = await db.query<AcceptRow>({
    name: `accept-duplicate-${window.name}`,
    text: `select $2 as owner, n.id as notification_id, n.subscription_id, n.customer_id, n.accepted_as as status, n.retry_schedule as schedule, 'fast' as lane, false as claimed, null as host, null as revision
           from notifications n where n.event_id = $1 and ${window.has('n.id')}
           order by n.subscription_id`,
    values: [key.eventId, owner],
  });
  const notifications = rows.map((row) => toAccepted(row, event.type));
  return { kind: 'accepted', id: publicEventId(event), duplicate: true, notifications };
}
