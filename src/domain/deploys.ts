/** A version of software that a customer or a product put into operation, as its CI reports it. */
export interface Deploy {
  id: string;
  /** As given, or that of the credential or subscription; null: as the customer. */
  productId: string | null;
  /** Null: it is the product's own. */
  customerId: string | null;
  /** The only subscription that it concerns; null: all of them. */
  subscriptionId: string | null;
  version: string;
  description: string;
  /** Where people read more, such as the CI job. */
  url: string | null;
  at: Date;
  createdAt: Date;
}

/** How far the clock of a caller may be ahead. A deploy of the future has not happened. */
export const MAX_DEPLOY_AHEAD_SECONDS = 60;
