import { decodeId, encodeId, uuidsSharingTime } from '../../domain/ids';
import type { NotificationStatus, RoutingResult, Scope, SubscriptionStatus } from '../../domain/types';
import { hasCapabilities } from '../catalog/event-types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { IN_SCOPE } from '../subscriptions/subscriptions';

/** Why a subscription got an event, or did not. */
export interface RoutedSubscription {
  subscriptionId: string;
  name: string;
  customerId: string;
  /** As it is now. */
  status: SubscriptionStatus;
  result: RoutingResult;
  /** What it listens to now. */
  eventTypes: string[];
  channels: string[];
  /** The capabilities that the type requires and its customer lacks. */
  missingCapabilities: string[];
  /** The latest notification of the event for this subscription. */
  notification: { id: string; status: NotificationStatus } | null;
}

interface Row {
  id: string;
  name: string;
  customer_id: string;
  status: SubscriptionStatus;
  result: RoutingResult;
  event_types: string[];
  channels: string[];
  missing: string[];
  notification_id: string | null;
  notification_status: NotificationStatus | null;
}

/**
 * SQL: subscriptions `s` are of a customer that the event `e` is addressed to, or that hears the
 * events of its product for every customer.
 *
 * @param customer - the customer that the event names
 */
const isAddressed = (customer: string) => `s.customer_id in (
    select ${customer} union all select id from customers where product_id = e.product_id and audience = 'product'
  )`;

/** SQL: the same for an event that names none: all customers of its product, and shared ones. */
const IS_OF_PRODUCT = '(s.customer_product_id is null or s.customer_product_id = e.product_id)';

/**
 * The conditions are those of the accept statement, on the subscriptions as they are now. So a
 * subscription that matches today and has no notification was created or changed after the event.
 */
const routing = (
  isReachable: string,
) => `select s.id, s.name, s.customer_id, s.status, s.event_types, s.channels, n.id as notification_id, n.status as notification_status,
    case
      when n.id is not null then 'notified'
      when s.created_at > e.accepted_at then 'created-later'
      when s.product_id <> e.product_id then 'product'
      when (e.type = any (s.event_types) or e.type ~ s.event_type_regex) is not true then 'event-type'
      when not (s.channels = '{}' or s.channels && e.channels) then 'channels'
      when not ${hasCapabilities('t.', 's.customer_id')} then 'capability'
      else 'changed-later'
    end as result,
    case when t.requires <> '{}'
      then array(select unnest(t.requires) except select unnest(k.capabilities) from customers k where k.id = s.customer_id order by 1)
      else '{}'
    end as missing
  from events e
  join event_types t on t.name = e.type
  join subscription_states s on ${isReachable}
  left join lateral (
    select id, status from notifications
    where event_id = e.id and subscription_id = s.id and id between $4 and $5
    order by created_at desc, id desc limit 1
  ) n on true
  where e.id = $3 and ${IN_SCOPE} and ($6::uuid is null or s.id < $6)
  order by s.id desc limit $7`;

/**
 * Lists the subscriptions that an event could reach, newest first: those of its customer, or of
 * every customer of its product if it names none, and those that hear every event.
 */
export async function listRouting(
  db: Executor,
  { uuid, customerId }: { uuid: string; customerId: string | null },
  scope: Scope,
  page: PageRequest,
): Promise<Page<RoutedSubscription>> {
  const { rows } = await db.query<Row>({
    text: routing(customerId === null ? IS_OF_PRODUCT : isAddressed('$8::text')),
    values: [
      scope.productIds ?? null,
      scope.customerId ?? null,
      uuid,
      ...uuidsSharingTime(uuid),
      page.after ?? null,
      page.limit + 1,
      ...(customerId === null ? [] : [customerId]),
    ],
  });
  return toPage(rows, page, toRouted, (row) => row.id);
}

function toRouted(row: Row): RoutedSubscription {
  return {
    subscriptionId: encodeId('sub', row.id),
    name: row.name,
    customerId: row.customer_id,
    status: row.status,
    result: row.result,
    eventTypes: row.event_types,
    channels: row.channels,
    missingCapabilities: row.missing,
    notification:
      row.notification_id && row.notification_status
        ? { id: encodeId('ntf', row.notification_id), status: row.notification_status }
        : null,
  };
}

/** Whether the customer of a subscription could have got an event. */
export async function canReach(db: Executor, eventUuid: string, subscriptionId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `select from events e join subscription_states s on s.id = $2
           where e.id = $1 and (s.product_id is null or s.product_id = e.product_id)
             and case when e.customer_id is null then ${IS_OF_PRODUCT} else ${isAddressed('e.customer_id')} end`,
    values: [eventUuid, decodeId('sub', subscriptionId)],
  });
  return rowCount === 1;
}
