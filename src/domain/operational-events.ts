/** Event types by which Signpost notifies operators. The migrations add them to the catalog. */

/**
 * The product of these event types. Only its own customers receive the events; shared ones do not.
 */
export const OWN_PRODUCT = 'signpost';

/** The service has disabled a subscription automatically. */
export const OUT_OF_ORDER_EVENT = 'signpost.subscription.out-of-order.v1';
