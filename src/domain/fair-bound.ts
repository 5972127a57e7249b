/**
 * A bound that tenants share. A tenant may hold at most `perTenant`, and never more than is left
 * free by all: a lone one half of the total, two a third each, and so on. So whoever fills it is
 * refused first, and there is always room for those who hold nothing.
 */
export class FairBound {
  private readonly held = new Map<string, number>();
  private sum = 0;

  constructor(
    private readonly total: number,
    private readonly perTenant = total,
  ) {}

  /** What all tenants hold. */
  get inUse(): number {
    return this.sum;
  }

  hasRoom(tenant: string, amount: number): boolean {
    return (this.held.get(tenant) ?? 0) + amount <= Math.min(this.perTenant, this.total - this.sum);
  }

  /** Takes an amount, whether or not there is room. */
  take(tenant: string, amount: number): void {
    this.sum += amount;
    this.held.set(tenant, (this.held.get(tenant) ?? 0) + amount);
  }

  giveBack(tenant: string, amount: number): void {
    this.sum -= amount;
    const left = (this.held.get(tenant) ?? 0) - amount;
    if (left > 0) this.held.set(tenant, left);
    else this.held.delete(tenant);
  }

  clear(): void {
    this.held.clear();
    this.sum = 0;
  }
}
