import type { Blocked, Turn } from '../../domain/tenant-turns';

/** How many head starts may send concurrently. */
export interface HeadStartLimits {
  /** Slots of the process. */
  total: number;
  perSubscription: number;
  perCustomer: number;
  /**
   * Per destination: the host and port of the URL, whoever the customer is. A quarter more for
   * customers without a slot in use there: receivers of many customers can be on one host.
   */
  perHost: number;
}

/** The defaults of the settings. */
export const DEFAULT_LIMITS: HeadStartLimits = { total: 256, perSubscription: 64, perCustomer: 128, perHost: 128 };

/**
 * The share of the slots that only customers without a slot in use may take. So a customer whose
 * receivers are quick does not wait for the timeouts of others.
 */
const RESERVED_SHARE = 1 / 4;
/**
 * Slots while the event loop is late: more requests would make it later still, and producers wait
 * for it too.
 */
const SLOTS_WHEN_LATE = 32;
/** In addition, for customers without a slot in use. */
const RESERVED_WHEN_LATE = 8;
/**
 * A request that has taken this long waits for its receiver. It is no work for the event loop, so
 * it does not count while the loop is late or a backlog is paced.
 */
const HUNG_AFTER_MS = 1000;

/** A head start as far as slots are concerned. */
export interface SlotUser extends Turn {
  /** Host and port of the URL. No limit per host applies if it is absent. */
  host?: string | null;
}

/** A slot in use. */
export interface Slot {
  /** Releases the slot. Further calls have no effect. */
  release(): void;
}

/** The names of limits, under which TenantTurns parks. */
const LATE = 'late';
const TOTAL = 'total';
const BACKLOG = 'backlog';
/** The name of a limit for users of its reserve. */
const reserveOf = (limit: string) => `${limit}, reserve`;

/** Counts the slots in use, and says which limit keeps a head start from taking one. */
export class Slots {
  private readonly inUseBy = new Map<string, number>();
  /** Slots of requests that do not count as hung, in the order in which they were taken. */
  private readonly young = new Map<object, number>();
  private count = 0;

  /**
   * @param onRelease - called with the limits that may not block any more, and with the customer
   *   that released a slot. If that was its last one, it may use reserves again
   */
  constructor(
    readonly limits: HeadStartLimits,
    private readonly onRelease: (limits: readonly string[], customerId?: string) => void,
  ) {}

  get inUse(): number {
    return this.count;
  }

  /** Slots whose requests are not hung. */
  get busy(): number {
    const hungSince = performance.now() - HUNG_AFTER_MS;
    for (const [slot, since] of this.young) {
      if (since > hungSince) break;
      this.young.delete(slot);
    }
    return this.young.size;
  }

  /**
   * The limit that blocks a head start now.
   *
   * @param late - whether the event loop is late
   * @param paced - slots of the backlog, if the head start is part of it
   */
  blockedBy(user: SlotUser, late: boolean, paced: number | undefined): Blocked | undefined {
    const { total, perCustomer, perSubscription, perHost } = this.limits;
    const { customer, subscription, host, customerAtHost } = namesOf(user);
    const ofCustomer = this.of(customer);
    const isNew = ofCustomer === 0;
    const nameOf = (limit: string, usesReserve: boolean) => (usesReserve ? reserveOf(limit) : limit);
    if (late && this.busy >= SLOTS_WHEN_LATE + (isNew ? RESERVED_WHEN_LATE : 0))
      return { by: nameOf(LATE, isNew), whole: 'customer' };
    if (this.count >= (isNew ? total : total - Math.floor(total * RESERVED_SHARE)))
      return { by: nameOf(TOTAL, isNew), whole: 'customer' };
    if (ofCustomer >= perCustomer) return { by: customer, whole: 'customer' };
    if (this.of(subscription) >= perSubscription) return { by: subscription, whole: 'subscription' };
    const isNewAtHost = this.of(customerAtHost) === 0;
    if (host !== undefined && this.of(host) >= perHost + (isNewAtHost ? Math.ceil(perHost * RESERVED_SHARE) : 0))
      return { by: nameOf(host, isNewAtHost), whole: 'subscription' };
    if (paced !== undefined && this.busy >= paced) return { by: BACKLOG, whole: 'subscription' };
    return undefined;
  }

  take(user: SlotUser): Slot {
    const { customer, subscription, host, customerAtHost } = namesOf(user);
    const limits = host === undefined ? [customer, subscription] : [customer, subscription, host, customerAtHost];
    for (const limit of limits) this.inUseBy.set(limit, this.of(limit) + 1);
    this.count += 1;
    let released = false;
    const slot: Slot = {
      release: () => {
        if (released) return;
        released = true;
        this.young.delete(slot);
        this.count -= 1;
        for (const limit of limits) this.decrement(limit);
        const withReserve = host === undefined ? [TOTAL, LATE] : [host, TOTAL, LATE];
        const names = [customer, subscription, ...withReserve, ...withReserve.map(reserveOf), BACKLOG];
        this.onRelease(names, user.customerId);
      },
    };
    this.young.set(slot, performance.now());
    return slot;
  }

  /** Has the limits checked again that end with time, and not with the release of a slot. */
  recheck(): void {
    this.onRelease([LATE, reserveOf(LATE), BACKLOG]);
  }

  private of(limit: string): number {
    return this.inUseBy.get(limit) ?? 0;
  }

  private decrement(limit: string): void {
    const left = this.of(limit) - 1;
    if (left > 0) this.inUseBy.set(limit, left);
    else this.inUseBy.delete(limit);
  }
}

function namesOf({ customerId, subscriptionId, host }: SlotUser) {
  return {
    customer: `customer ${customerId}`,
    subscription: `subscription ${subscriptionId}`,
    host: host ? `host ${host}` : undefined,
    customerAtHost: `customer ${customerId} at ${host}`,
  };
}
