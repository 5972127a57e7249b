/** Bounds of concurrent look-ups. */
export interface SlotLimits {
  /** Concurrent look-ups of the process. */
  total: number;
  /** Concurrent look-ups of one customer. */
  perCustomer: number;
  /** Waiting look-ups of the process. */
  waiting: number;
  /** Waiting look-ups of one customer. */
  waitingPerCustomer: number;
}

/** A look-up that waits for a slot. */
interface Waiting {
  /** The customers that need it. It counts as waiting for the first one. */
  customers: string[];
  start: (release: () => void) => void;
}

/** A requested look-up. */
export interface SlotRequest {
  /** Counts the look-up for another customer too: it starts when either has room. */
  shareWith(customer: string): void;
  /** Removes the look-up from its line, if it still waits. */
  withdraw(): void;
}

/**
 * Slots for look-ups. A look-up has one of three states:
 *
 * - waiting: its customers have no free slot, or the process has none;
 * - started: it holds a slot of one customer, until it releases it;
 * - refused: the line of its customer, or that of the process, is full.
 *
 * A free slot goes to the customer with the fewest look-ups in progress, and to the oldest look-up
 * among those. So a customer whose names hang delays only its own names.
 */
export class LookupSlots {
  private readonly inUseBy = new Map<string, number>();
  private readonly queue: Waiting[] = [];
  private started = 0;

  constructor(private readonly limits: SlotLimits) {}

  get inUse(): number {
    return this.started;
  }

  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Starts a look-up, now or when a slot is free.
   *
   * @param start - must call `release` once, when the look-up is over
   * @returns undefined if the look-up is refused
   */
  request(customer: string, start: Waiting['start']): SlotRequest | undefined {
    const entry: Waiting = { customers: [customer], start };
    if (this.hasRoom(customer)) {
      this.begin(customer, entry);
      return { shareWith: () => undefined, withdraw: () => undefined };
    }
    const { waiting, waitingPerCustomer } = this.limits;
    const ownLine = this.queue.filter(({ customers }) => customers[0] === customer).length;
    if (this.queue.length >= waiting || ownLine >= waitingPerCustomer) return undefined;
    this.queue.push(entry);
    return {
      shareWith: (other) => {
        if (!this.queue.includes(entry) || entry.customers.includes(other)) return;
        entry.customers.push(other);
        this.startNext();
      },
      withdraw: () => void this.remove(entry),
    };
  }

  private hasRoom(customer: string): boolean {
    return this.started < this.limits.total && this.inUseOf(customer) < this.limits.perCustomer;
  }

  private inUseOf(customer: string): number {
    return this.inUseBy.get(customer) ?? 0;
  }

  private begin(customer: string, { start }: Waiting): void {
    this.started += 1;
    this.inUseBy.set(customer, this.inUseOf(customer) + 1);
    start(() => {
      this.started -= 1;
      const left = this.inUseOf(customer) - 1;
      if (left === 0) this.inUseBy.delete(customer);
      else this.inUseBy.set(customer, left);
      this.startNext();
    });
  }

  private startNext(): void {
    for (;;) {
      const next = this.next();
      if (!next) return;
      this.remove(next.entry);
      this.begin(next.customer, next.entry);
    }
  }

  private next(): { entry: Waiting; customer: string } | undefined {
    let best: { entry: Waiting; customer: string } | undefined;
    for (const entry of this.queue) {
      for (const customer of entry.customers) {
        if (!this.hasRoom(customer)) continue;
        if (!best || this.inUseOf(customer) < this.inUseOf(best.customer)) best = { entry, customer };
      }
    }
    return best;
  }

  private remove(entry: Waiting): void {
    const index = this.queue.indexOf(entry);
    if (index !== -1) this.queue.splice(index, 1);
  }
}
