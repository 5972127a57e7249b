/** How long a cached entry is trusted, in milliseconds. */
const MAX_AGE_MS = 1000;
/**
 * An entry of this age is refreshed in the background by the next caller, who still gets the old
 * value.
 */
const REFRESH_AFTER_MS = 500;
const MAX_ENTRIES = 10_000;

interface Entry<T> {
  /** One promise for all callers, so that a hit allocates none. */
  value: Promise<T>;
  loadedAt: number;
  isRefreshing: boolean;
}

/**
 * Caches look-ups for a short time. A key that is read many times a second is looked up once or
 * twice a second, and its callers never wait: entries are refreshed before they expire. Absent
 * values are not cached.
 */
export class RevalidatingCache<T> {
  private readonly entries = new Map<string, Entry<T>>();

  constructor(private readonly now: () => number) {}

  /** @throws what `find` throws, unless there is an entry that can still be trusted */
  get(key: string, find: () => Promise<T | undefined>): Promise<T | undefined> {
    const entry = this.entries.get(key);
    const ageMs = entry ? this.now() - entry.loadedAt : Infinity;
    if (!entry || ageMs >= MAX_AGE_MS) return this.load(key, entry, find);
    if (ageMs >= REFRESH_AFTER_MS && !entry.isRefreshing) {
      entry.isRefreshing = true;
      // If the failure lasts, the callers after the entry has expired get the error.
      this.load(key, entry, find).catch(() => undefined);
    }
    return entry.value;
  }

  clear(): void {
    this.entries.clear();
  }

  private async load(key: string, previous: Entry<T> | undefined, find: () => Promise<T | undefined>) {
    const loadedAt = this.now();
    const value = await find();
    // The entry was cleared or refreshed during the look-up: this value may be outdated.
    if (this.entries.get(key) !== previous) return value;
    this.entries.delete(key);
    if (value === undefined) return undefined;
    if (this.entries.size >= MAX_ENTRIES) this.entries.clear();
    this.entries.set(key, { value: Promise.resolve(value), loadedAt, isRefreshing: false });
    return value;
  }
}
