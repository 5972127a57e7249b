import { RequestBytes } from '../../../src/api/limits/request-bytes';
import { Problem } from '../../../src/domain/problems';
import type { Principal } from '../../../src/domain/types';
import { createMetrics } from '../../../src/process/metrics';
import { fakeOnly } from '../../support/fake-timers';

const TOTAL_BYTES = 1_000_000;
const BODY_BYTES = 50_000;

let bytes: RequestBytes;
beforeEach(() => {
  fakeOnly('performance');
  bytes = new RequestBytes(TOTAL_BYTES, createMetrics());
});
afterEach(() => jest.useRealTimers());

const tenant = (id: string): Principal => ({ id, name: id, role: 'customer', productId: null, customerId: id });

/** Begins a body that never ends. @returns how it ends */
function begin(id: string, bodyBytes = BODY_BYTES): { ended: Promise<unknown>; end(): void } {
  const hold = bytes.hold(tenant(id), bodyBytes);
  return { ended: hold.whileArriving(new Promise(() => undefined)).catch((error: unknown) => error), end: hold.end };
}

/** One body of each of as many tenants as there is room for. */
function fill() {
  const begun: ReturnType<typeof begin>[] = [];
  while (begun.length < 100)
    try {
      begun.push(begin(`slow ${begun.length}`));
    } catch (error) {
      expect(error).toMatchObject({ code: 'too-many-requests' });
      return begun;
    }
  throw new Error('there is no bound');
}

it('among tenants that hold the same, only slow bodies give way, the oldest first', async () => {
  const [first, ...others] = fill();
  expect(others.length).toBeGreaterThan(15);
  jest.advanceTimersByTime(4000);
  expect(() => begin('quiet')).toThrow(Problem);
  jest.advanceTimersByTime(2000);
  begin('quiet');
  expect(await first!.ended).toMatchObject({
    code: 'too-many-requests',
    options: { headers: { connection: 'close' } },
  });
  expect(await Promise.race([...others.map(({ ended }) => ended), Promise.resolve('all are read on')])).toBe(
    'all are read on',
  );
});

it('a body that gave way or ended gives its memory back once', async () => {
  const begun = fill();
  jest.advanceTimersByTime(6000);
  begin('quiet').end();
  for (const { end } of begun) end();
  expect(await begun[0]!.ended).toBeInstanceOf(Problem);
  const metrics = createMetrics();
  bytes = new RequestBytes(TOTAL_BYTES, metrics);
  for (const { end } of fill()) {
    end();
    end();
  }
  expect((await metrics.requestBytes.get()).values[0]!.value).toBe(0);
});

it('a request that needs more than a lone tenant may have makes none give way', async () => {
  const [first] = fill();
  jest.advanceTimersByTime(6000);
  expect(() => begin('quiet', TOTAL_BYTES / 2 + 1)).toThrow(Problem);
  expect(await Promise.race([first!.ended, Promise.resolve('it is read on')])).toBe('it is read on');
});
