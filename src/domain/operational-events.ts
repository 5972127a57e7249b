/** Event types by which Signpost itself tells operators of what needs a person; the migrations put them into the catalog. */

/** The product that they belong to. Customers of other products, and those that all products share, get none. */
export const OWN_PRODUCT = 'signpost';

/** A subscription was switched off by the service. */
export const OUT_OF_ORDER_EVENT = 'signpost.subscription.out-of-order.v1';
