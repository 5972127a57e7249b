import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { LoopLag } from '../../../src/attempts/head-start/loop-lag';
import type { AttemptRunner } from '../../../src/attempts/attempt-runner';
import { HeadStarts, type HeadStart } from '../../../src/attempts/head-start/head-starts';
import type { DeliverOutcome } from '../../../src/domain/delivery';
import { until } from '../../support/until';

const WAITED_MS = 2000;
const QUIET_MS = 251;
const BACKLOG = 100;

/** Attempts that end on command, to count the attempts in flight. */
function attempts() {
  const ends: ((outcome: DeliverOutcome) => void)[] = [];
  const runAttempt: AttemptRunner = () => new Promise((resolve) => ends.push(resolve));
  return {
    runAttempt,
    get begun() {
      return ends.length;
    },
    async end(index: number) {
      ends[index]!({ kind: 'delivered', attempts: 1 });
      await sleep(1);
    },
  };
}

function headStart(index: number, waitedMs: number): HeadStart {
  const notificationId = `ntf_${waitedMs}_${index}`;
  const subscriptionId = `sub_${index % 10}`;
  return {
    notificationId,
    subscriptionId,
    customerId: 'customer',
    workflowId: 'notification/test',
    claimedAt: performance.now() - waitedMs,
    accepted: {
      facts: {
        notificationId,
        status: 'pending',
        attempts: 0,
        lastAttemptKey: null,
        lastErrorMessage: null,
        nextAttemptAt: null,
        acceptedAt: new Date(),
        claimedBy: null,
        payloadExpired: false,
        event: {
          id: 'evt_1',
          webhookId: 'evt_1',
          type: 'a.b',
          productId: 'p',
          timestamp: new Date().toISOString(),
          data: '{}',
          user: null,
          channels: [],
          chosenByCustomer: false,
        },
      },
      subscriptionId,
      subscriptionRevision: null,
    },
  };
}

function headStarts(waitedMs: number): HeadStart[] {
  return Array.from({ length: BACKLOG }, (_, index) => headStart(index, waitedMs));
}

function start(runAttempt: AttemptRunner): HeadStarts {
  return new HeadStarts({ processId: 'this-process', keepOutcomes: false }, runAttempt, pino({ level: 'silent' }));
}

it('starts head starts of just accepted notifications immediately', async () => {
  const made = attempts();
  const starts = start(made.runAttempt);
  starts.begin(headStarts(0));
  expect(made.begun).toBe(BACKLOG);
  await starts.close(0);
});

it('starts only few head starts of a backlog concurrently while producers post', async () => {
  const made = attempts();
  const starts = start(made.runAttempt);
  starts.begin(headStarts(WAITED_MS));
  expect(made.begun).toBeGreaterThan(0);
  expect(made.begun).toBeLessThan(BACKLOG / 4);
  await starts.close(0);
});

it('treats notifications with a renewed claim as a backlog', async () => {
  const made = attempts();
  const starts = start(made.runAttempt);
  starts.begin([headStart(BACKLOG, 0)]);
  starts.begin(headStarts(0).map((one) => ({ ...one, accepted: undefined })));
  expect(made.begun).toBeGreaterThan(1);
  expect(made.begun).toBeLessThan(BACKLOG / 4);
  await starts.close(0);
});

it('starts the whole backlog, as far as slots allow, after producers stop posting', async () => {
  const made = attempts();
  const starts = start(made.runAttempt);
  starts.begin(headStarts(WAITED_MS));
  const later = performance.now() + QUIET_MS;
  jest.spyOn(performance, 'now').mockImplementation(() => later);
  // The step of the clock is no busy event loop.
  jest.spyOn(LoopLag.prototype, 'ms', 'get').mockReturnValue(0);
  await made.end(0);
  // While the event loop is late, it takes a second more.
  await until(
    async () => made.begun,
    (begun) => begun === BACKLOG,
  );
  await starts.close(0);
});

describe('while Postgres is unavailable', () => {
  const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

  /** Fails attempts before `tries`, and notes the order of the others. */
  function failing(error: () => Error, tries: number) {
    const triesOf = new Map<string, number>();
    const made: string[] = [];
    const runAttempt: AttemptRunner = async ({ notificationId }) => {
      const tried = (triesOf.get(notificationId) ?? 0) + 1;
      triesOf.set(notificationId, tried);
      if (tried < tries) throw error();
      made.push(notificationId);
      return { kind: 'delivered', attempts: 1 };
    };
    return { runAttempt, made, triesOf };
  }

  it('head starts ask again, so that nobody passes them', async () => {
    const { runAttempt, made } = failing(refused, 3);
    const starts = start(runAttempt);
    const all = headStarts(0);
    starts.begin(all);
    await until(
      async () => made.length,
      (count) => count === BACKLOG,
    );
    expect(made).toEqual(all.map(({ notificationId }) => notificationId));
    await starts.close(0);
  });

  it('a head start whose claim is old is left to its workflow', async () => {
    const { runAttempt, made, triesOf } = failing(refused, 3);
    const starts = start(runAttempt);
    const one = headStart(0, 0);
    starts.begin([one]);
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 9500);
    await until(
      async () => starts.isUnderWay(one.notificationId),
      (isUnderWay) => !isUnderWay,
    );
    expect(made).toEqual([]);
    expect(triesOf.get(one.notificationId)).toBe(1);
    await starts.close(0);
  });

  it('a head start that fails for another reason is left to its workflow', async () => {
    const { runAttempt, made } = failing(() => new Error('any'), 2);
    const starts = start(runAttempt);
    starts.begin([headStart(0, 0)]);
    await until(
      async () => starts.isUnderWay('ntf_0_0'),
      (isUnderWay) => !isUnderWay,
    );
    expect(made).toEqual([]);
    await starts.close(0);
  });
});
