/**
 * An entry of this age is refreshed in the background by the next caller, who still gets the old
 * value.
 */
const REFRESH_AFTER_MS = 500;
/** Callers of an entry of this age wait for a new look-up. */
const MAX_AGE_MS = 1000;
/** How long they wait before they get the old value after all. */
const PATIENCE_MS = 250;
/** No entry is served at this age, even if looking it up takes long or fails. */
const HARD_LIMIT_MS = 10_000;
const MAX_ENTRIES = 10_000;

interface Entry<T> {
  /** One promise for all callers, so that a hit allocates none. */
  value: Promise<T>;
  loadedAt: number;
}

/**
 * Caches look-ups for a short time. A key that is read many times a second is looked up once or
 * twice a second, and its callers never wait: entries are refreshed before they expire. A key has
 * at most one look-up in flight. An expired entry is served while its look-up takes long or fails,
 * within a hard limit. Absent values are not cached.
 */
export class RevalidatingCache<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private readonly loading = new Map<string, Promise<T | undefined>>();
  /** How often the cache was cleared. */
  private clearings = 0;

  constructor(private readonly now: () => number) {}

  /** @throws what `find` throws, unless there is an entry that can still be served */
  get(key: string, find: () => Promise<T | undefined>): Promise<T | undefined> {
    const entry = this.entries.get(key);
    const ageMs = entry ? this.now() - entry.loadedAt : Infinity;
    if (entry && ageMs < REFRESH_AFTER_MS) return entry.value;
    const loaded = this.loading.get(key) ?? this.load(key, find);
    if (!entry || ageMs >= HARD_LIMIT_MS) return loaded;
    if (ageMs >= MAX_AGE_MS) return this.loadedOrOld(loaded, entry);
    // If the failure lasts, the callers after the hard limit get the error.
    loaded.catch(() => undefined);
    return entry.value;
  }

  clear(): void {
    this.clearings += 1;
    this.entries.clear();
    this.loading.clear();
  }

  private load(key: string, find: () => Promise<T | undefined>): Promise<T | undefined> {
    const loading = this.find(key, this.now(), find).finally(() => {
      if (this.loading.get(key) === loading) this.loading.delete(key);
    });
    this.loading.set(key, loading);
    return loading;
  }

  private async find(key: string, loadedAt: number, find: () => Promise<T | undefined>): Promise<T | undefined> {
    const { clearings } = this;
    const value = await find();
    // The cache was cleared during the look-up: this value may be outdated.
    if (this.clearings !== clearings) return value;
    this.entries.delete(key);
    if (value === undefined) return undefined;
    if (this.entries.size >= MAX_ENTRIES) this.entries.clear();
    this.entries.set(key, { value: Promise.resolve(value), loadedAt });
    return value;
  }

  /** The look-up's result, or the old value if there is none soon. */
  private async loadedOrOld(loading: Promise<T | undefined>, { value }: Entry<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<T>((resolve) => {
      timer = setTimeout(() => resolve(value), PATIENCE_MS);
    });
    try {
      return await Promise.race([loading, late]);
    } catch {
      return value;
    } finally {
      clearTimeout(timer);
    }
  }
}
