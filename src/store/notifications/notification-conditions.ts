import { decodeId, uuidFloor, type IdKind } from '../../domain/ids';
import { isClosed, type AttemptErrorClass, type NotificationStatus } from '../../domain/types';
import type { Sought } from '../db/past-days';

/** Filters notifications by themselves. An absent field does not filter. */
export interface PlainFilter {
  productIds?: readonly string[];
  customerId?: string;
  subscriptionId?: string;
  eventTypes?: readonly string[];
  statuses?: readonly NotificationStatus[];
  /** The status of the last response, from the first to the last. */
  responseStatus?: { from: number; to: number };
  /** Classes of the last error. */
  errorClasses?: readonly AttemptErrorClass[];
}

/**
 * The UUID of an id to filter by. A malformed id matches nothing, but must not fail the statement.
 */
export function soughtUuid(kind: IdKind, id: string | undefined): string | undefined {
  return id === undefined ? undefined : (decodeId(kind, id) ?? uuidFloor(0));
}

/** What the days must have in which a filter can find something. */
export function soughtDays({ statuses, productIds, customerId, subscriptionId }: PlainFilter): Sought {
  return {
    open: statuses && !statuses.some(isClosed),
    productIds,
    customerId,
    subscriptionUuid: soughtUuid('sub', subscriptionId),
  };
}

/** SQL conditions on `notifications n` with their values. */
export class Conditions {
  readonly values: unknown[] = [];
  private readonly parts: ((first: number) => string)[] = [];

  constructor(filter: PlainFilter) {
    this.oneOf('n.product_id', filter.productIds);
    this.where((parameter) => `n.customer_id = ${parameter}`, filter.customerId);
    this.where((parameter) => `n.subscription_id = ${parameter}::uuid`, soughtUuid('sub', filter.subscriptionId));
    this.oneOf('n.event_type', filter.eventTypes);
    this.where((parameter) => `n.status = any (${parameter})`, filter.statuses);
    this.where((parameter) => `n.last_response_status >= ${parameter}`, filter.responseStatus?.from);
    this.where((parameter) => `n.last_response_status <= ${parameter}`, filter.responseStatus?.to);
    this.where((parameter) => `n.last_error_class = any (${parameter})`, filter.errorClasses);
  }

  /** Adds a condition with a value, unless the value is absent. */
  where(condition: (parameter: string) => string, value: unknown): void {
    if (value === undefined) return;
    const offset = this.values.push(value) - 1;
    this.parts.push((first) => condition(`$${first + offset}`));
  }

  /** Adds a condition without a value. */
  add(condition: string): void {
    this.parts.push(() => condition);
  }

  /** An index on the column yields the rows of one value in order, but not those of several. */
  private oneOf(column: string, values: readonly string[] | undefined): void {
    if (values?.length === 1) this.where((parameter) => `${column} = ${parameter}`, values[0]);
    else this.where((parameter) => `${column} = any (${parameter})`, values);
  }

  /**
   * The conditions as SQL, each after an `and`.
   *
   * @param first - number of the placeholder of the first value
   */
  sql(first: number): string {
    return this.parts.map((part) => ` and ${part(first)}`).join('');
  }
}
