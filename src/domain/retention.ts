/** How long the installation keeps what, in days. */
export interface RetentionDays {
  /** Data of events, and headers and bodies of attempts. Products may differ. */
  payload: number;
  /** Events, notifications and attempts without their payload. Products may differ. */
  history: number;
  /** The ids that producers chose for events. */
  eventIds: number;
  audit: number;
}

/** How long a product keeps what, in days; null: as the installation is configured. */
export interface ProductRetention {
  payloadDays: number | null;
  historyDays: number | null;
}

/** The products whose rows of one day have expired: all but those listed, or only those. */
export interface Expired {
  but: boolean;
  /** Sorted. */
  products: readonly string[];
}

/**
 * Decides for which products the rows of a day have expired.
 *
 * @param ageDays - days since the end of the day
 * @param overrides - products that differ from `defaultDays`
 */
export function expiredAt(
  ageDays: number,
  defaultDays: number,
  overrides: readonly { productId: string; days: number }[],
): Expired {
  const but = defaultDays <= ageDays;
  const others = overrides.filter(({ days }) => days <= ageDays !== but);
  return { but, products: others.map(({ productId }) => productId).sort() };
}

export const isNone = ({ but, products }: Expired) => !but && products.length === 0;
export const isAll = ({ but, products }: Expired) => but && products.length === 0;
