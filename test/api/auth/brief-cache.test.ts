import { BriefCache } from '../../../src/api/auth/brief-cache';

/** A cache on a clock of its own, over something that can be changed and that counts how often it was asked. */
function setUp() {
  let now = 0;
  let asked = 0;
  let stored: string | undefined = 'first';
  let failure: Error | undefined;
  let gate: Promise<void> = Promise.resolve();
  const cache = new BriefCache<string>(() => now);
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
    /** Look-ups end when the function that is returned is called. */
    hold() {
      let release: () => void = () => undefined;
      gate = new Promise((resolve) => (release = resolve));
      return release;
    },
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

test('what was looked up is not looked up again at once', async () => {
  const { get, asked, at } = setUp();
  await get();
  at(499);
  await expect(get()).resolves.toBe('first');
  expect(asked()).toBe(1);
});

test('it is renewed, once, before it is too old, and nobody waits for that', async () => {
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

test('after a second it is not believed any more', async () => {
  const { get, at, store } = setUp();
  await get();
  store(undefined);
  at(1000);
  await expect(get()).resolves.toBeUndefined();
});

test('what is gone when it is renewed is gone', async () => {
  const { get, at, store, settle } = setUp();
  await get();
  store(undefined);
  at(600);
  await get();
  await settle();
  await expect(get()).resolves.toBeUndefined();
});

test('a renewal that fails is told to whoever asks when it is too old, and to nobody before', async () => {
  const { get, at, fail, settle } = setUp();
  await get();
  fail(new Error('no database'));
  at(600);
  await expect(get()).resolves.toBe('first');
  await settle();
  at(999);
  await expect(get()).resolves.toBe('first');
  at(1000);
  await expect(get()).rejects.toThrow('no database');
  fail(undefined);
  await expect(get()).resolves.toBe('first');
});

test('what is forgotten while it is looked up does not come back', async () => {
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

test('what was not found is looked up each time', async () => {
  const { get, asked, store } = setUp();
  store(undefined);
  await get();
  await get();
  expect(asked()).toBe(2);
});
