import { RevalidatingCache } from '../../../src/api/auth/revalidating-cache';

/** A cache with a fake clock, over a value that can be changed and that counts its lookups. */
function setUp() {
  let now = 0;
  let asked = 0;
  let stored: string | undefined = 'first';
  let failure: Error | undefined;
  let gate: Promise<void> = Promise.resolve();
  const cache = new RevalidatingCache<string>(() => now);
  return {
    cache,
    get: () =>
      cache.get('key', async () => {
        asked += 1;
        const found = stored;
        const failing = failure;
        await gate;
        if (failing) throw failing;
        return found;
      }),
    asked: () => asked,
    at: (ms: number) => (now = ms),
    store: (value: string | undefined) => (stored = value),
    fail: (error: Error | undefined) => (failure = error),
    /** Delays lookups until the returned function is called. */
    hold() {
      let release: () => void = () => undefined;
      gate = new Promise((resolve) => (release = resolve));
      return release;
    },
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

test('a cached entry is not looked up again immediately', async () => {
  const { get, asked, at } = setUp();
  await get();
  at(499);
  await expect(get()).resolves.toBe('first');
  expect(asked()).toBe(1);
});

test('an entry is refreshed once before it expires, and no caller waits for it', async () => {
  const { get, asked, at, store, hold, settle } = setUp();
  await get();
  store('second');
  const release = hold();
  at(500);
  await expect(Promise.all([get(), get()])).resolves.toEqual(['first', 'first']);
  expect(asked()).toBe(2);
  release();
  await settle();
  at(999);
  await expect(get()).resolves.toBe('second');
  expect(asked()).toBe(2);
});

test('an entry is not trusted for more than a second', async () => {
  const { get, at, store } = setUp();
  await get();
  store(undefined);
  at(1000);
  await expect(get()).resolves.toBeUndefined();
});

test('an entry is removed if the refresh does not find it', async () => {
  const { get, at, store, settle } = setUp();
  await get();
  store(undefined);
  at(600);
  await get();
  await settle();
  await expect(get()).resolves.toBeUndefined();
});

test('a failed refresh is reported only after the hard limit', async () => {
  const { get, at, fail, settle } = setUp();
  await get();
  fail(new Error('no database'));
  at(600);
  await expect(get()).resolves.toBe('first');
  await settle();
  at(9999);
  await expect(get()).resolves.toBe('first');
  at(10_000);
  await expect(get()).rejects.toThrow('no database');
  fail(undefined);
  await expect(get()).resolves.toBe('first');
});

test('an expired entry is served while its only look-up takes long', async () => {
  const { get, asked, at, hold, store } = setUp();
  await get();
  const release = hold();
  at(1500);
  await expect(Promise.all([get(), get(), get()])).resolves.toEqual(['first', 'first', 'first']);
  expect(asked()).toBe(2);
  at(10_000);
  store('second');
  const waiting = get();
  release();
  await expect(waiting).resolves.toBe('first');
  at(10_600);
  await get();
  expect(asked()).toBe(3);
});

test('concurrent callers of an unknown key share one look-up', async () => {
  const { get, asked, hold } = setUp();
  const release = hold();
  const callers = Promise.all([get(), get(), get()]);
  release();
  await expect(callers).resolves.toEqual(['first', 'first', 'first']);
  expect(asked()).toBe(1);
});

test('an entry forgotten during its lookup is not stored', async () => {
  const { cache, get, asked, at, store, hold, settle } = setUp();
  await get();
  at(600);
  const release = hold();
  await get();
  store(undefined);
  cache.clear();
  release();
  await settle();
  await expect(get()).resolves.toBeUndefined();
  expect(asked()).toBe(3);
});

test('an absent value is looked up each time', async () => {
  const { get, asked, store } = setUp();
  store(undefined);
  await get();
  await get();
  expect(asked()).toBe(2);
});

test('keys without end do not fill the memory', async () => {
  const cache = new RevalidatingCache<string>(() => 0);
  let asked = 0;
  const get = (key: string) => cache.get(key, async () => `value ${(asked += 1)}`);
  for (let index = 0; index < 10_000; index++) await get(`key ${index}`);
  await get('key 0');
  expect(asked).toBe(10_000);
  await get('one more');
  await get('key 1');
  expect(asked).toBe(10_002);
});
