import { deduplicator, MemoryStore, type SeenStore } from '../../../sdk/src/receiver';

const NOW = 1_700_000_000_000;
const DAY_MS = 86_400_000;

let clock: jest.SpyInstance<number, []>;
beforeEach(() => {
  clock = jest.spyOn(Date, 'now').mockReturnValue(NOW);
});
afterEach(() => jest.restoreAllMocks());

describe('deduplicator', () => {
  it('deduplicator processes an id once, and again after a failure', async () => {
    const once = deduplicator();
    let runs = 0;
    expect(await once('a', () => (runs += 1))).toBe(true);
    expect(await once('a', () => (runs += 1))).toBe(false);
    const failing = once('b', () => {
      throw new Error('not now');
    });
    await expect(failing).rejects.toThrow('not now');
    await expect(once('b', () => Promise.reject(new Error('nor now')))).rejects.toThrow('nor now');
    expect(await once('b', () => (runs += 1))).toBe(true);
    expect(runs).toBe(2);
  });

  it('deduplicator resolves only after the work has ended', async () => {
    let done = false;
    await deduplicator()('a', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done = true;
    });
    expect(done).toBe(true);
  });

  /** Work that ends when the test says so. */
  function controlled() {
    let succeed!: () => void;
    let fail!: (error: Error) => void;
    const ended = new Promise<void>((resolve, reject) => ([succeed, fail] = [resolve, reject]));
    return { work: () => ended, succeed, fail };
  }

  it('deduplicator confirms a repeat only after the run in progress has succeeded', async () => {
    const once = deduplicator();
    const first = controlled();
    const order: string[] = [];
    const results = Promise.all([
      once('a', first.work).finally(() => order.push('first')),
      once('a', () => order.push('second run')).finally(() => order.push('repeat')),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    first.succeed();
    expect(await results).toEqual([true, false]);
    expect(order).toEqual(['first', 'repeat']);
  });

  it('deduplicator processes one of the repeats that waited for a run that failed', async () => {
    const once = deduplicator();
    const first = controlled();
    let runs = 0;
    const failing = once('a', first.work);
    const repeats = [once('a', () => (runs += 1)), once('a', () => (runs += 1))];
    first.fail(new Error('not now'));
    await expect(failing).rejects.toThrow('not now');
    expect(await Promise.all(repeats)).toEqual([true, false]);
    expect(runs).toBe(1);
  });

  it('deduplicator does not let one id wait for another', async () => {
    const once = deduplicator();
    const first = controlled();
    const running = once('a', first.work);
    expect(await once('b', () => undefined)).toBe(true);
    first.succeed();
    expect(await running).toBe(true);
  });

  it('deduplicator remembers ids for three days by default', async () => {
    const once = deduplicator();
    await once('a', () => undefined);
    clock.mockReturnValue(NOW + 3 * DAY_MS - 1);
    expect(await once('a', () => undefined)).toBe(false);
    clock.mockReturnValue(NOW + 3 * DAY_MS);
    expect(await once('a', () => undefined)).toBe(true);
  });

  it('deduplicator uses the given store and time, also if the store is asynchronous', async () => {
    const calls: unknown[] = [];
    const seen = new Set<string>();
    const store: SeenStore = {
      async add(id, ttlMs) {
        calls.push(['add', id, ttlMs]);
        return !seen.has(id) && Boolean(seen.add(id));
      },
      async delete(id) {
        calls.push(['delete', id]);
        seen.delete(id);
      },
    };
    const once = deduplicator(store, 5000);
    expect(await once('a', () => undefined)).toBe(true);
    expect(await once('a', () => undefined)).toBe(false);
    await expect(once('b', () => Promise.reject(new Error('not now')))).rejects.toThrow('not now');
    expect(calls).toEqual([
      ['add', 'a', 5000],
      ['add', 'a', 5000],
      ['add', 'b', 5000],
      ['delete', 'b'],
    ]);
  });
});

describe('MemoryStore', () => {
  it('MemoryStore forgets the oldest id beyond its limit', () => {
    const store = new MemoryStore(2);
    for (const id of ['a', 'b']) expect(store.add(id, 60_000)).toBe(true);
    expect([store.add('a', 60_000), store.add('b', 60_000)]).toEqual([false, false]);
    expect(store.add('c', 60_000)).toBe(true);
    expect([store.add('b', 60_000), store.add('c', 60_000), store.add('a', 60_000)]).toEqual([false, false, true]);
  });

  it('MemoryStore remembers 100,000 ids by default', () => {
    const store = new MemoryStore();
    for (let index = 0; index < 100_000; index++) store.add(`id-${index}`, 60_000);
    expect(store.add('id-0', 60_000)).toBe(false);
    store.add('one more', 60_000);
    expect(store.add('id-0', 60_000)).toBe(true);
  });

  it('MemoryStore forgets an id when its time is over', () => {
    const store = new MemoryStore();
    store.add('a', 1000);
    clock.mockReturnValue(NOW + 999);
    expect(store.add('a', 1000)).toBe(false);
    clock.mockReturnValue(NOW + 1000);
    expect(store.add('a', 1000)).toBe(true);
  });

  it('MemoryStore counts an id that was added again as the newest', () => {
    const store = new MemoryStore(2);
    store.add('a', 1000);
    store.add('b', 60_000);
    clock.mockReturnValue(NOW + 1000);
    store.add('a', 60_000);
    store.add('c', 60_000);
    expect([store.add('a', 60_000), store.add('b', 60_000)]).toEqual([false, true]);
  });

  it('MemoryStore releases the memory of expired ids', () => {
    const store = new MemoryStore();
    for (let index = 0; index < 1000; index++) store.add(`id-${index}`, 1000);
    clock.mockReturnValue(NOW + 1000);
    store.add('last', 1000);
    expect((store as unknown as { expiryById: Map<string, number> }).expiryById.size).toBe(1);
  });

  it('MemoryStore forgets a deleted id', () => {
    const store = new MemoryStore();
    store.add('a', 60_000);
    store.delete('a');
    expect(store.add('a', 60_000)).toBe(true);
  });
});
