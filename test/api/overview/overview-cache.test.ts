import { OverviewCache } from '../../../src/api/overview/overview-cache';
import type { Database } from '../../../src/store/db/database';

/**
 * How long an overview is shown to others with the same scope. What is read is the number of the
 * reading.
 */
let cache: OverviewCache;
let readings: number;
let fault: unknown;

beforeEach(() => {
  jest.useFakeTimers();
  [readings, fault] = [0, undefined];
  const transaction = async () => {
    readings += 1;
    if (fault !== undefined) throw fault;
    return readings;
  };
  cache = new OverviewCache({ transaction } as unknown as Database);
});
afterEach(() => jest.useRealTimers());

const later = (ms: number) => jest.setSystemTime(Date.now() + ms);

it.each([
  ['hour', 5000],
  ['day', 30_000],
] as const)('reads the last %s again after %i ms, and not before', async (window, freshMs) => {
  expect(await cache.read({}, window)).toBe(1);
  later(freshMs - 1);
  expect(await cache.read({}, window)).toBe(1);
  later(1);
  expect(await cache.read({}, window)).toBe(2);
});

it('reads once for all who ask at the same moment', async () => {
  expect(await Promise.all([1, 2, 3].map(() => cache.read({ productIds: ['p'] }, 'hour')))).toEqual([1, 1, 1]);
});

it('keeps products, customers and windows apart', async () => {
  const scopes = [
    {},
    { productIds: ['p'] },
    { productIds: ['q'] },
    { customerId: 'p' },
    { productIds: ['p'], customerId: 'p' },
  ];
  const seen = [];
  for (const scope of scopes) for (const window of ['hour', 'day'] as const) seen.push(await cache.read(scope, window));
  expect(seen).toEqual(seen.map((_, index) => index + 1));
});

it('reads again after a failure', async () => {
  fault = new Error('Postgres is away');
  await expect(cache.read({}, 'hour')).rejects.toThrow('Postgres is away');
  fault = undefined;
  expect(await cache.read({}, 'hour')).toBe(2);
});

it('answers that the database is unavailable if reading takes too long', async () => {
  fault = Object.assign(new Error('canceling statement'), { code: '57014' });
  await expect(cache.read({}, 'day')).rejects.toMatchObject({
    code: 'database-unavailable',
    options: { headers: { 'retry-after': '30' } },
  });
});

it('forgets all when a thousand scopes are kept, rather than grow', async () => {
  for (let index = 0; index < 1000; index++) await cache.read({ productIds: [`p${index}`] }, 'hour');
  expect(await cache.read({ productIds: ['p0'] }, 'hour')).toBe(1);
  await cache.read({ productIds: ['one more'] }, 'hour');
  expect(await cache.read({ productIds: ['p0'] }, 'hour')).toBe(1002);
});
