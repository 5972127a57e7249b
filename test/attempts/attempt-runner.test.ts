import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import type { AcceptedNotification } from '../../src/domain/acceptance';
import { SLOW_ATTEMPT_MS } from '../../src/domain/delivery';
import type { HttpRequest, HttpResult } from '../../src/delivery/http-client';
import { decodeId } from '../../src/domain/ids';
import { createRecorder } from '../../src/store/notifications/recorder';
import { attemptsOf } from '../../src/store/notifications/attempts';
import type { Statement } from '../../src/store/db/database';
import { attemptInput, httpResult, testRunner, watched } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { fakeOnly } from '../support/fake-timers';
import { notificationRow, setNotification, setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded } from '../support/seed';
import { until } from '../support/until';

/**
 * What surrounds the request of an attempt: when none is made, how long it may take, and that its
 * record is not lost.
 */
let database: TestDatabase;
let seeded: Seeded;
let notification: AcceptedNotification;
let requests: HttpRequest[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  requests = [];
  seeded = await seed(database.db, { url: 'https://receiver.example/', timeoutSeconds: 15 });
  notification = (await acceptOne(database.db, seeded))[0]!;
});
afterEach(() => jest.useRealTimers());

const answer =
  (status: number, overrides: Partial<HttpResult> = {}) =>
  (request: HttpRequest) => {
    requests.push(request);
    return httpResult(status, overrides);
  };
const input = (overrides = {}) => attemptInput(notification.notificationId, overrides);
const setOurs = (assignments: string) => setSubscription(database.db, seeded.subscriptionId, assignments);
const row = () => notificationRow(database.db, notification.notificationId);
const isMarkSlow = ({ text }: Statement) => text.includes('set slow_until');

describe('an attempt that was made and could not be recorded', () => {
  /** Fails that many times, as while Postgres is away. */
  function failing(times: number) {
    const record = createRecorder(database.db);
    let left = times;
    return async (...args: Parameters<typeof record>) => {
      if (left-- > 0) throw new Error('Postgres is away');
      return record(...args);
    };
  }

  it('is recorded by a later try of the same execution', async () => {
    const runAttempt = testRunner(database.db, answer(200), { recorder: failing(2) });
    expect(await runAttempt(input())).toEqual({ kind: 'delivered', attempts: 1 });
    expect(requests).toHaveLength(1);
  });

  it('is recorded by the next execution, and not sent again', async () => {
    const runAttempt = testRunner(database.db, answer(500), { recorder: failing(6) });
    await expect(runAttempt(input())).rejects.toThrow('Postgres is away');
    expect(await runAttempt(input())).toMatchObject({ kind: 'retry', attempts: 1 });
    expect(requests).toHaveLength(1);
    expect(await attemptsOf(database.db, notification.notificationId)).toHaveLength(1);
  });

  it('is forgotten once it is recorded, so that the next attempt is made', async () => {
    const runAttempt = testRunner(database.db, answer(500));
    await runAttempt(input());
    expect(await runAttempt(input({ attemptKey: 'run:2', sequence: 2, step: 1 }))).toMatchObject({
      attempts: 2,
    });
    expect(requests).toHaveLength(2);
  });
});

describe('an attempt that is not to be made', () => {
  it.each(['delivered', 'cancelled'] as const)('answers that its notification is %s', async (status) => {
    await setNotification(database.db, notification.notificationId, `status = '${status}'`);
    expect(await testRunner(database.db, answer(200))(input())).toEqual({ kind: status, attempts: 0 });
    expect(requests).toEqual([]);
  });

  it('answers that its notification is cancelled if there is none', async () => {
    const unknown = input({ notificationId: 'ntf_00000000000000000000000000' });
    expect(await testRunner(database.db, answer(200))(unknown)).toEqual({ kind: 'cancelled', attempts: 0 });
  });

  it('cancels the notification of a subscription that was deleted', async () => {
    await setOurs('deleted_at = now()');
    expect(await testRunner(database.db, answer(200))(input())).toEqual({ kind: 'cancelled', attempts: 0 });
    expect((await row()).status).toBe('cancelled');
    expect(requests).toEqual([]);
  });

  it('holds the notification of a subscription that is disabled', async () => {
    await setOurs('enabled = false');
    expect(await testRunner(database.db, answer(200))(input())).toEqual({ kind: 'held', attempts: 0 });
    expect((await row()).status).toBe('held');
    expect(requests).toEqual([]);
  });

  it('is made after all if the subscription is enabled just before the notification would be held', async () => {
    await setOurs('enabled = false');
    const db = watched(database.db, ({ name }) => name?.startsWith('hold-notification') && setOurs('enabled = true'));
    expect(await testRunner(db, answer(200))(input())).toEqual({ kind: 'delivered', attempts: 1 });
    expect(requests).toHaveLength(1);
  });

  it('answers when the rate limit allows it, and leaves the notification as it was', async () => {
    await setOurs('rate_limit_per_second = 0.001');
    await database.db.query({
      text: "insert into rate_lines (subscription_id, next_seq, front_seq, front_at, taken_at) values ($1, 1, 1, now() + interval '1000 seconds', now())",
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    const outcome = await testRunner(database.db, answer(200))(input());
    expect(outcome).toMatchObject({ kind: 'throttled', attempts: 0, waitSeconds: expect.any(Number) });
    expect((await row()).status).toBe('pending');
    expect(requests).toEqual([]);
  });
});

describe('a first attempt that another process has claimed', () => {
  const claim = (by: string, until: string) =>
    setNotification(database.db, notification.notificationId, `claimed_by = '${by}', claimed_until = ${until}`);
  /** Counts how often the notification is looked at, and does something at the third time. */
  function counting(atThird: () => Promise<unknown> = async () => undefined) {
    const seen = { loads: 0 };
    const db = watched(database.db, async ({ name }) => {
      if (name?.startsWith('load-deliveries') && ++seen.loads === 3) await atThird();
    });
    return { seen, db };
  }

  it('is made once the claim has lapsed, and not before', async () => {
    await claim('another', "now() + interval '1 hour'");
    let before: unknown;
    const { seen, db } = counting(async () => {
      before = [...requests];
      await claim('another', "now() - interval '1 second'");
    });
    expect(await testRunner(db, answer(200))(input())).toEqual({ kind: 'delivered', attempts: 1 });
    expect(before).toEqual([]);
    expect([seen.loads, requests.length]).toEqual([3, 1]);
  });

  it('is waited for also when the workflow asks again, because it had no place in its lane', async () => {
    await claim('another', "now() + interval '1 hour'");
    const { seen, db } = counting(() => claim('another', "now() - interval '1 second'"));
    const again = input({ sequence: 2, attemptKey: 'run:2' });
    expect(await testRunner(db, answer(200))(again)).toEqual({ kind: 'delivered', attempts: 1 });
    expect([seen.loads, requests.length]).toEqual([3, 1]);
  });

  it('is not made if that process delivers meanwhile', async () => {
    await claim('another', "now() + interval '1 hour'");
    const { db } = counting(() =>
      setNotification(
        database.db,
        notification.notificationId,
        "status = 'delivered', attempt_count = 1, last_attempt_key = 'head:another'",
      ),
    );
    expect(await testRunner(db, answer(200))(input())).toEqual({ kind: 'delivered', attempts: 1 });
    expect(requests).toEqual([]);
  });

  it.each([
    ['the claim is its own', 'this-process', {}],
    ['it is a later step of the ladder', 'another', { step: 1 }],
  ])('is not waited for if %s', async (_, by, overrides) => {
    await claim(by, "now() + interval '1 hour'");
    const { seen, db } = counting();
    expect(await testRunner(db, answer(200))(input(overrides))).toEqual({ kind: 'delivered', attempts: 1 });
    expect(seen.loads).toBe(1);
  });

  it('is not waited for if the notification was attempted and opened again meanwhile', async () => {
    await claim('another', "now() + interval '1 hour'");
    await setNotification(database.db, notification.notificationId, 'attempt_count = 1');
    const { seen, db } = counting();
    expect(await testRunner(db, answer(200))(input())).toEqual({ kind: 'delivered', attempts: 2 });
    expect(seen.loads).toBe(1);
  });
});

describe('the time that the receiver has', () => {
  const TRANSFORM = `transform = '{"language":"jsonata","expression":"$"}'`;
  const timeoutAfterComposing = async (ms: number) => {
    // The clock of this process stands still but for what composing takes.
    fakeOnly('Date');
    const compose = async () => {
      jest.setSystemTime(Date.now() + ms);
      return { data: '{}', whole: false, holdsSecret: false };
    };
    await testRunner(database.db, answer(200), { composer: { compose } })(input());
    return requests[0]!.timeoutMs;
  };

  it('is the whole timeout if nothing is composed', async () => {
    expect(await timeoutAfterComposing(4000)).toBe(15_000);
  });

  it('is what composing leaves of the timeout', async () => {
    await setOurs(TRANSFORM);
    expect(await timeoutAfterComposing(4000)).toBe(11_000);
  });

  it('is a second at least, however long composing took', async () => {
    await setOurs(TRANSFORM);
    expect(await timeoutAfterComposing(14_500)).toBe(1000);
  });
});

describe('an attempt that takes long', () => {
  /**
   * Runs an attempt whose answer comes after that time. @returns how often the subscription was
   * sent to the slow lane
   */
  async function attemptOf(durationMs: number, then: () => void = () => undefined): Promise<number> {
    let marks = 0;
    const db = watched(database.db, (statement) => void (marks += Number(isMarkSlow(statement))));
    await testRunner(db, async (request) => {
      jest.advanceTimersByTime(durationMs);
      await turnOfEventLoop();
      return answer(500)(request);
    })(input());
    then();
    return marks;
  }
  beforeEach(() => fakeOnly('setTimeout', 'clearTimeout'));

  it('sends its subscription to the slow lane while it is still under way', async () => {
    expect(await attemptOf(SLOW_ATTEMPT_MS)).toBe(1);
  });

  it('leaves its subscription in the fast lane if it ends in time', async () => {
    expect(await attemptOf(SLOW_ATTEMPT_MS - 1, () => jest.advanceTimersByTime(SLOW_ATTEMPT_MS))).toBe(0);
  });

  it('is followed by an attempt in the slow lane', async () => {
    jest.useRealTimers();
    const outcome = await testRunner(database.db, answer(500, { durationMs: SLOW_ATTEMPT_MS + 1 }))(input());
    expect(outcome).toMatchObject({ kind: 'retry', lane: 'slow' });
  });

  it('puts its subscription into the slow lane in the database', async () => {
    await attemptOf(SLOW_ATTEMPT_MS);
    jest.useRealTimers();
    await until(
      async () => (await acceptOne(database.db, seeded))[0]!,
      ({ lane }) => lane === 'slow',
    );
  });
});

describe('showing that an attempt is under way', () => {
  const statusWhileSending = async (overrides = {}) => {
    let status = '';
    await testRunner(database.db, async (request) => {
      status = (await row()).status;
      return answer(200)(request);
    })(input(overrides));
    return status;
  };

  it('is left out for a first attempt in the fast lane, which is over too soon to be seen', async () => {
    expect(await statusWhileSending()).toBe('pending');
  });

  it('is done for an attempt in the slow lane', async () => {
    expect(await statusWhileSending({ slow: true })).toBe('delivering');
  });

  it('is done for a retry', async () => {
    await setNotification(database.db, notification.notificationId, "status = 'retrying', attempt_count = 1");
    expect(await statusWhileSending({ sequence: 2, step: 1 })).toBe('delivering');
  });

  it.each([true, false])(
    'is checked half a minute after the timeout, in case Temporal forgets it (slow lane: %s)',
    async (slow) => {
      await setNotification(database.db, notification.notificationId, "status = 'retrying', attempt_count = 1");
      let seconds: number | null = null;
      await testRunner(database.db, async (request) => {
        seconds = (await row()).seconds_to_reconcile;
        return answer(200)(request);
      })(input({ slow, sequence: 2, step: 1 }));
      expect(seconds).toBeLessThanOrEqual(15 + 30);
      expect(seconds).toBeGreaterThan(15 + 20);
    },
  );
});

it('returns cancelled to an activity that runs again after a cancellation', async () => {
  const runAttempt = testRunner(database.db, async (request) => {
    await setNotification(database.db, notification.notificationId, "status = 'cancelled'");
    return answer(500)(request);
  });
  expect(await runAttempt(input())).toEqual({ kind: 'cancelled', attempts: 1 });
});

it('an attempt without a payload sends nothing and closes the notification', async () => {
  await database.db.query({ text: 'update events set data = null' });
  const runAttempt = testRunner(database.db, answer(200));
  expect(await runAttempt(input())).toEqual({
    kind: 'failed',
    attempts: 1,
    reason: 'the payload of the event has expired; it cannot be sent again',
  });
  expect(requests).toEqual([]);
  expect(await row()).toMatchObject({ status: 'failed', next_attempt_at: null });
});
