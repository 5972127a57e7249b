/** A customer whose work holds a place for longer is slow. Most takes a few milliseconds. */
const SLOW_MS = 200;
/** How long a customer is slow after such work. */
const SLOW_FOR_MS = 60_000;

/**
 * Divides places, such as processes or connections, among customers. All customers with slow work
 * together get all places but one, and so does a lone customer: one is left to the others.
 */
export class CustomerShares {
  /** Places in use, by customer. */
  private readonly inUse = new Map<string, number>();
  /** Until when customers are slow, by `performance.now()`, the earliest first. */
  private readonly slowUntil = new Map<string, number>();
  private sum = 0;
  private readonly share: number;

  constructor(private readonly places: number) {
    this.share = Math.max(1, places - 1);
  }

  get running(): number {
    return this.sum;
  }

  get isFull(): boolean {
    return this.sum >= this.places;
  }

  /** @returns whether a customer may take a place, if there is one, for each customer */
  whoMayRun(): (customer: string) => boolean {
    this.forgetSlow();
    const slowMayRun = this.inUseBySlow() < this.share;
    return (customer) => (this.inUse.get(customer) ?? 0) < this.share && (slowMayRun || !this.slowUntil.has(customer));
  }

  begin(customer: string): void {
    this.inUse.set(customer, (this.inUse.get(customer) ?? 0) + 1);
    this.sum += 1;
  }

  end(customer: string): void {
    const left = this.inUse.get(customer)! - 1;
    if (left > 0) this.inUse.set(customer, left);
    else this.inUse.delete(customer);
    this.sum -= 1;
  }

  /**
   * Notes how long work of a customer held its place.
   *
   * @param wasCostly - whether it counts as slow in any case
   */
  note(customer: string, ms: number, wasCostly = false): void {
    if (ms <= SLOW_MS && !wasCostly) return;
    this.slowUntil.delete(customer);
    this.slowUntil.set(customer, performance.now() + SLOW_FOR_MS);
  }

  private forgetSlow(): void {
    const now = performance.now();
    for (const [customer, until] of this.slowUntil) {
      if (until > now) return;
      this.slowUntil.delete(customer);
    }
  }

  private inUseBySlow(): number {
    let sum = 0;
    for (const [customer, count] of this.inUse) if (this.slowUntil.has(customer)) sum += count;
    return sum;
  }
}
