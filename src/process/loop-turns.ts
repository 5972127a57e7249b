import { FairQueue } from '../domain/fair-queue';

/**
 * Turns of the event loop for work that keeps it busy for milliseconds. It begins in a turn of its
 * own, so short requests are answered between two such works. Tenants take turns.
 */
export class LoopTurns {
  private readonly queue = new FairQueue<() => void>();
  private isTurning = false;

  /** Resolves when the tenant's turn has come. */
  take(tenant: string): Promise<void> {
    return new Promise((resolve) => {
      this.queue.push(tenant, resolve);
      if (!this.isTurning) this.turn();
    });
  }

  private turn(): void {
    this.isTurning = true;
    // A callback that is scheduled while others run has the next turn.
    setImmediate(() => {
      this.queue.take()?.();
      if (this.queue.size > 0) this.turn();
      else this.isTurning = false;
    });
  }
}
