/** Remembers ids for a while; an implementation on a shared store lets several receivers know what each other had. */
export interface SeenStore {
  /** Remembers an id. @returns whether it was not remembered before */
  add(id: string, ttlMs: number): boolean | Promise<boolean>;
  /** Forgets an id, since its message was not processed after all. */
  delete(id: string): unknown;
}

/** Ids in memory, the oldest given up first. */
export class MemoryStore implements SeenStore {
  private readonly until = new Map<string, number>();

  /** @param maxIds - kept at once @default 100000 */
  constructor(private readonly maxIds = 100_000) {}

  add(id: string, ttlMs: number): boolean {
    const now = Date.now();
    const known = this.until.get(id);
    if (known !== undefined && known > now) return false;
    this.until.delete(id);
    this.until.set(id, now + ttlMs);
    for (const [oldest, until] of this.until) {
      if (this.until.size <= this.maxIds && until > now) break;
      this.until.delete(oldest);
    }
    return true;
  }

  delete(id: string): void {
    this.until.delete(id);
  }
}

/** A ladder of retries takes a day at most; a retry by hand may come later. */
const DEFAULT_TTL_MS = 3 * 86_400_000;

/**
 * Processes each message once, although deliveries may be repeated. A message that fails is forgotten, so that its retry is processed.
 *
 * @param ttlMs - how long ids are remembered @default three days
 * @returns a function that runs `work` unless the id was seen; it resolves to whether it ran
 */
export function deduplicator(store: SeenStore = new MemoryStore(), ttlMs = DEFAULT_TTL_MS) {
  return async function once(id: string, work: () => unknown): Promise<boolean> {
    if (!(await store.add(id, ttlMs))) return false;
    try {
      await work();
      return true;
    } catch (error) {
      await store.delete(id);
      throw error;
    }
  };
}
