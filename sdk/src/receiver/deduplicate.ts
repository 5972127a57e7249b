/**
 * Remembers ids for a limited time. Implement it on a shared store (Redis, a database) if several
 * processes receive deliveries of the same subscription.
 */
export interface SeenStore {
  /**
   * Remembers an id; must be atomic.
   *
   * @param ttlMs - how long to remember it, in milliseconds
   * @returns `true` if the id was not remembered before
   */
  add(id: string, ttlMs: number): boolean | Promise<boolean>;
  /** Forgets an id, because processing its message failed. */
  delete(id: string): unknown;
}

/** Remembers ids in memory. Beyond the limit it forgets the oldest first. */
export class MemoryStore implements SeenStore {
  private readonly expiryById = new Map<string, number>();

  /** @param maxIds - most ids to remember; 100,000 by default */
  constructor(private readonly maxIds = 100_000) {}

  add(id: string, ttlMs: number): boolean {
    const now = Date.now();
    const expiry = this.expiryById.get(id);
    if (expiry !== undefined && expiry > now) return false;
    this.expiryById.delete(id);
    this.expiryById.set(id, now + ttlMs);
    for (const [oldest, oldestExpiry] of this.expiryById) {
      if (this.expiryById.size <= this.maxIds && oldestExpiry > now) break;
      this.expiryById.delete(oldest);
    }
    return true;
  }

  delete(id: string): void {
    this.expiryById.delete(id);
  }
}

/** Scheduled retries end within a day; a manual retry may come later. */
const DEFAULT_TTL_MS = 3 * 86_400_000;

/**
 * Processes each message once although deliveries may repeat. If processing fails, the id is
 * forgotten and the retry is processed.
 *
 * A repeat that arrives while this process is still working on the message waits for the result:
 * confirming it earlier would lose the message if the work failed. Across processes only the store
 * decides, so a repeat is confirmed while another process is still working.
 *
 * @param store - where ids are remembered
 * @param ttlMs - how long ids are remembered, in milliseconds; three days by default
 * @returns a function that calls `work` unless the id was seen before, and resolves to whether it
 * did
 * @example
 * ```ts
 * const once = deduplicator();
 * await once(delivery.id, () => queue.add(delivery.payload));
 * ```
 */
export function deduplicator(store: SeenStore = new MemoryStore(), ttlMs = DEFAULT_TTL_MS) {
  const running = new Map<string, Promise<boolean>>();

  async function run(id: string, work: () => unknown): Promise<boolean> {
    if (!(await store.add(id, ttlMs))) return false;
    try {
      await work();
      return true;
    } catch (error) {
      await store.delete(id);
      throw error;
    }
  }

  return async function once(id: string, work: () => unknown): Promise<boolean> {
    for (let earlier = running.get(id); earlier; earlier = running.get(id)) {
      const succeeded = await earlier.then(
        () => true,
        () => false,
      );
      if (succeeded) return false;
    }
    const current = run(id, work).finally(() => running.delete(id));
    running.set(id, current);
    return current;
  };
}
