/** Part of the total that only tenants with a small share may take. */
const RESERVED = 1 / 8;
/** As many small shares fit into the total. */
const SMALL_SHARES = 256;

/**
 * A bound that tenants share. A tenant may hold at most `perTenant`, and never more than is left
 * free by all: a lone one half of the total, two a third each, and so on. So whoever fills it is
 * refused first. The last eighth is for tenants that hold little: otherwise a few tenants, one
 * after the other, leave nothing to those who hold nothing.
 */
export class FairBound {
  private readonly held = new Map<string, number>();
  private sum = 0;

  /** @param smallShare - what counts as little */
  constructor(
    private readonly total: number,
    private readonly perTenant = total,
    private readonly smallShare = Math.max(1, Math.floor(total / SMALL_SHARES)),
  ) {}

  /** What all tenants hold. */
  get inUse(): number {
    return this.sum;
  }

  heldBy(tenant: string): number {
    return this.held.get(tenant) ?? 0;
  }

  hasRoom(tenant: string, amount: number): boolean {
    const share = this.heldBy(tenant) + amount;
    if (share > this.perTenant) return false;
    if (share <= this.smallShare) return this.sum + amount <= this.total;
    return share <= this.total - this.sum && this.sum + amount <= this.total * (1 - RESERVED);
  }

  /** Takes an amount, whether or not there is room. */
  take(tenant: string, amount: number): void {
    this.sum += amount;
    this.held.set(tenant, this.heldBy(tenant) + amount);
  }

  giveBack(tenant: string, amount: number): void {
    this.sum -= amount;
    const left = this.heldBy(tenant) - amount;
    if (left > 0) this.held.set(tenant, left);
    else this.held.delete(tenant);
  }

  clear(): void {
    this.held.clear();
    this.sum = 0;
  }
}
