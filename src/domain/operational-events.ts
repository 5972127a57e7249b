/** Event types by which Signpost notifies operators. The migrations add them to the catalog. */

/**
 * The product of these event types. Only its own customers receive the events; shared ones do not.
 */
export const OWN_PRODUCT = 'signpost';

/** Deliveries to a subscription reached a part of its out-of-order rule. */
export const FAILING_EVENT = 'signpost.subscription.failing.v1';
/** The service has disabled a subscription automatically. */
export const OUT_OF_ORDER_EVENT = 'signpost.subscription.out-of-order.v1';
/** A subscription that was reported as failing or out of order received a delivery. */
export const RECOVERED_EVENT = 'signpost.subscription.recovered.v1';
/** A notification of a subscription failed for good. */
export const EXHAUSTED_EVENT = 'signpost.notification.exhausted.v1';
/** A signing secret was read. */
export const SECRET_REVEALED_EVENT = 'signpost.secret.revealed.v1';
/** Many notifications wait for their first attempt. */
export const BACKLOG_EVENT = 'signpost.backlog.high.v1';

export const OPERATIONAL_EVENTS = [
  FAILING_EVENT,
  OUT_OF_ORDER_EVENT,
  RECOVERED_EVENT,
  EXHAUSTED_EVENT,
  SECRET_REVEALED_EVENT,
  BACKLOG_EVENT,
] as const;

/** When operational events are raised, and how many. */
export interface OperationalRules {
  /** Percentages of the out-of-order rule at which a subscription is reported. */
  failingPercents: readonly number[];
  /** Least time between two reports of the same state of a subscription. */
  quietSeconds: number;
  /** Events of one type that are published in a minute. */
  eventsPerMinute: number;
  /** Pending notifications that count as a high backlog. */
  backlogNotifications: number;
}
