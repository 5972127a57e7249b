import { admit } from '../../src/attempts/admit';
import { AttemptLeftError } from '../../src/attempts/stages';
import type { AcceptedNotification } from '../../src/domain/acceptance';
import { ComposerBusyError } from '../../src/domain/composing';
import { CutOff } from '../../src/delivery/cut-off';
import type { HttpRequest } from '../../src/delivery/http-client';
import { decodeId } from '../../src/domain/ids';
import { lastTrigger } from '../../src/store/notifications/attempts';
import { holdNotification } from '../../src/store/notifications/transitions';
import { loadDeliveries } from '../../src/store/notifications/load-deliveries';
import { createRecorder } from '../../src/store/notifications/recorder';
import { attemptInput, httpResult, testDeps, testRunner, watched } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification, setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded } from '../support/seed';
import { until } from '../support/until';

/** What decides whether an attempt is made, put off, left to others, or fails here. */
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

const answer = (request: HttpRequest) => {
  requests.push(request);
  return httpResult(200);
};
const input = (overrides = {}) => attemptInput(notification.notificationId, overrides);
const run = (overrides = {}, db = database.db) => testRunner(db, answer)(input(overrides));
const setOurs = (assignments: string) => setSubscription(database.db, seeded.subscriptionId, assignments);
const setRow = (assignments: string) => setNotification(database.db, notification.notificationId, assignments);
const row = () => notificationRow(database.db, notification.notificationId);

describe('an attempt of a subscription that is slow', () => {
  beforeEach(() => setOurs("slow_until = now() + interval '10 minutes'"));

  it('is sent to the slow lane, if its workflow knows that outcome', async () => {
    expect(await run({ mayReroute: true })).toEqual({ kind: 'reroute', attempts: 0, lane: 'slow' });
    expect(requests).toEqual([]);
  });

  it('is made in its lane for a workflow of an earlier version', async () => {
    expect(await run()).toEqual({ kind: 'delivered', attempts: 1 });
  });
});

it('an attempt that finds no place in its lane is put off, and its notification shows until when', async () => {
  const outcome = await run({ visit: { enter: () => 20 } });
  expect(outcome).toMatchObject({ kind: 'throttled', attempts: 0, waitSeconds: 20 });
  expect(requests).toEqual([]);
  expect((await row()).next_attempt_at!.getTime()).toBeGreaterThan(Date.now() + 15_000);
});

it('a failed notification of a disabled subscription stays failed', async () => {
  await setOurs('enabled = false');
  await setRow("status = 'failed', attempt_count = 2, last_error_message = 'HTTP 500'");
  expect(await run({ sequence: 3, step: 2 })).toMatchObject({ kind: 'failed', attempts: 2 });
  expect(requests).toEqual([]);
});

describe('a ladder whose retry schedule was shortened to what was attempted already', () => {
  beforeEach(() => setOurs("retry_schedule = '{}'"));

  it.each(['retrying', 'pending'])('fails without another attempt while it is %s', async (status) => {
    await setRow(`status = '${status}', attempt_count = 1, last_error_message = 'HTTP 500'`);
    expect(await run({ sequence: 2, step: 1 })).toEqual({ kind: 'failed', attempts: 1, reason: 'HTTP 500' });
    expect(requests).toEqual([]);
    expect(await row()).toMatchObject({ status: 'failed', next_attempt_at: null });
  });

  it.each(['retrying', 'pending'])('is delivered again if it was, while its retry is %s', async (status) => {
    await setRow(`status = '${status}', attempt_count = 2, ladder_base = 1, delivered_at = now()`);
    expect(await run({ sequence: 2, step: 1 })).toEqual({ kind: 'delivered', attempts: 2 });
    expect(requests).toEqual([]);
    expect(await row()).toMatchObject({ status: 'delivered', next_attempt_at: null });
  });

  it.each([
    ['asked for it', 'retry_asked = true'],
    ['reopened it', 'ladder_base = 1'],
  ])('is attempted if a person %s', async (_, assignment) => {
    await setRow(`status = 'pending', attempt_count = 1, ${assignment}`);
    expect(await run({ sequence: 2, step: 1 })).toMatchObject({ kind: 'delivered', attempts: 2 });
  });
});

it('a notification that was delivered stays so if its subscription is deleted before the retry', async () => {
  await setRow("status = 'pending', attempt_count = 1, ladder_base = 1, delivered_at = now()");
  await setOurs('deleted_at = now()');
  expect(await run()).toEqual({ kind: 'delivered', attempts: 1 });
  expect(requests).toEqual([]);
});

it('a first attempt that a person asked for is shown as under way', async () => {
  await setRow('retry_asked = true');
  let status = '';
  await testRunner(database.db, async (request) => {
    ({ status } = await row());
    return answer(request);
  })(input());
  expect(status).toBe('delivering');
});

describe('an attempt in the line of a rate limit', () => {
  beforeEach(async () => {
    // Three others are to be attempted before it, and the first of them waits.
    const [front] = await acceptOne(database.db, seeded);
    await setNotification(database.db, front!.notificationId, 'rate_seq = 0');
    await setOurs('rate_limit_per_second = 0.001');
    await setRow('rate_seq = 3');
    await database.db.query({
      text: 'insert into rate_lines (subscription_id, next_seq, taken_at) values ($1, 4, now())',
      values: [decodeId('sub', seeded.subscriptionId)],
    });
  });

  it('waits for its turn', async () => {
    expect(await run()).toMatchObject({ kind: 'throttled' });
  });

  it('is made when its turn is granted, which has been waited for then', async () => {
    const delivery = (await loadDeliveries(database.db, [notification.notificationId]))[0];
    const limit = async () => ({ seq: 0, granted: true, waitMs: 600_000, at: new Date() });
    const http = { send: async () => httpResult(200), close: async () => undefined };
    const deps = { ...testDeps(database.db), http, cutOff: new CutOff() };
    const admitted = await admit(deps, { load: async () => delivery, limit }, input());
    expect(admitted).toMatchObject({ delivery: { status: 'pending' } });
  });

  it('keeps its turn when the limit is removed', async () => {
    await setOurs('rate_limit_per_second = null');
    await database.db.query({
      text: 'update rate_lines set next_seq = 2000 where subscription_id = $1',
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    await setRow('rate_seq = 1999');
    expect(await run()).toMatchObject({ kind: 'throttled' });
  });

  it.each([
    ['that a person asked for', 'retry_asked = true'],
    ['whose turn was taken by an execution that was lost', "status = 'delivering'"],
  ])('and %s is made now', async (_, assignments) => {
    await setRow(assignments);
    expect(await run()).toMatchObject({ kind: 'delivered', attempts: 1 });
  });
});

describe('a head start', () => {
  const headStart = { attemptKey: 'head:this-process' };
  const claim = (by: string, until: string) => setRow(`claimed_by = '${by}', claimed_until = ${until}`);

  it('is made with the claim of its process', async () => {
    await claim('this-process', "now() + interval '1 minute'");
    expect(await run(headStart)).toEqual({ kind: 'delivered', attempts: 1 });
  });

  it('is made by the schedule, also if a person asks for a retry meanwhile, which its workflow answers', async () => {
    await claim('this-process', "now() + interval '1 minute'");
    await setRow('retry_asked = true');
    expect(await run(headStart)).toEqual({ kind: 'delivered', attempts: 1 });
    expect(await lastTrigger(database.db, notification.notificationId)).toBe('scheduled');
  });

  it('is left to its workflow once its claim has lapsed', async () => {
    await claim('this-process', "now() - interval '1 second'");
    await expect(run(headStart)).rejects.toEqual(new AttemptLeftError('late'));
    expect(requests).toEqual([]);
  });

  it('is left to its workflow if its request would begin so late that it might outlast the claim', async () => {
    await claim('this-process', "now() + interval '1 minute'");
    await expect(run({ ...headStart, beginBefore: performance.now() - 1 })).rejects.toEqual(
      new AttemptLeftError('late'),
    );
    expect(requests).toEqual([]);
  });

  it('is left to its workflow if its subscription became slow', async () => {
    await claim('this-process', "now() + interval '1 minute'");
    await setOurs("slow_until = now() + interval '10 minutes'");
    await expect(run(headStart)).rejects.toEqual(new AttemptLeftError('slow'));
    expect(requests).toEqual([]);
  });
});

describe('of a subscription that takes no deliveries, a first attempt', () => {
  const inBurst = { attemptKey: 'head:this-process', workflowId: 'burst/1' };
  const claim = (by: string, until: string) => setRow(`claimed_by = '${by}', claimed_until = ${until}`);
  const claimed = () => claim('this-process', "now() + interval '1 minute'");
  beforeEach(() => setOurs('enabled = false'));

  async function hold(overrides = {}): Promise<boolean> {
    expect(await run(overrides)).toEqual({ kind: 'held', attempts: 0 });
    return ((await row()).claimed_until as unknown) === -Infinity;
  }

  it('of a burst is held without a workflow', async () => {
    await claimed();
    expect(await hold(inBurst)).toBe(true);
  });

  it.each([
    ['by its workflow', {}],
    ['by the head start of its workflow', { attemptKey: inBurst.attemptKey }],
  ])('is held with a workflow %s', async (_, overrides) => {
    await claimed();
    expect(await hold(overrides)).toBe(false);
  });

  it.each([
    ['was taken over by another process', () => claim('another', "now() + interval '1 minute'")],
    ['has lapsed', () => claim('this-process', "now() - interval '1 second'")],
  ])('may have a workflow if the claim of its burst %s', async (_, lose) => {
    await lose();
    await holdNotification(database.db, notification.notificationId, 'this-process');
    expect(await row()).toMatchObject({ status: 'held', claimed_until: expect.any(Date) });
  });

  it('has a workflow if that holds it before its burst does, or after', async () => {
    await claimed();
    await hold();
    expect(await hold(inBurst)).toBe(false);
    await setRow("status = 'pending'");
    await claimed();
    expect(await hold(inBurst)).toBe(true);
    expect(await hold()).toBe(false);
  });
});

describe('an attempt that is interrupted by an error before it is sent', () => {
  const failingWith = (code: string) =>
    watched(database.db, ({ name }) => {
      if (name?.startsWith('mark-delivering')) throw Object.assign(new Error('a statement failed'), { code });
    });

  it('takes a step of the ladder if it would fail again, and is recorded', async () => {
    const outcome = await run({ slow: true }, failingWith('22012'));
    expect(outcome).toMatchObject({ kind: 'retry', attempts: 1 });
    expect(requests).toEqual([]);
    expect((await row()).status).toBe('retrying');
  });

  it('is made for the retry that reopened its notification', async () => {
    await setRow("attempt_count = 1, ladder_base = 1, opened_at = created_at + interval '1 second'");
    const outcome = await run({ slow: true }, failingWith('22012'));
    expect(outcome).toMatchObject({ kind: 'retry', attempts: 2, wasManual: true });
    expect(await lastTrigger(database.db, notification.notificationId)).toBe('manual');
  });

  it('fails as a run of its activity if it may succeed when it is repeated', async () => {
    await expect(run({ slow: true }, failingWith('40P01'))).rejects.toThrow('a statement failed');
    expect((await row()).attempt_count).toBe(0);
  });

  it('is put off if its transform gets no turn', async () => {
    await setOurs(`transform = '{"language":"jsonata","expression":"$"}'`);
    const composer = { compose: () => Promise.reject(new ComposerBusyError(7)) };
    const outcome = await testRunner(database.db, answer, { composer })(input());
    expect(outcome).toMatchObject({ kind: 'throttled', attempts: 0 });
    expect((await row()).attempt_count).toBe(0);
  });
});

it.each([
  ['for a retry says so', 'manual', { wasManual: true }],
  ['by the schedule does not', 'scheduled', {}],
] as const)('the repetition of an attempt that was made %s', async (_, trigger, said) => {
  await setRow("status = 'retrying', attempt_count = 1, ladder_base = 0");
  await run({ sequence: 2, step: 1, trigger });
  const repeated = await run({ sequence: 2, step: 1, trigger: 'manual' });
  expect(repeated).toEqual({ kind: 'delivered', attempts: 2, repeated: true, ...said });
  expect(requests).toHaveLength(1);
});

it('an attempt that Temporal runs twice at the same time is made once', async () => {
  const runAttempt = testRunner(database.db, answer);
  const again = input({ sequence: 2, step: 1, attemptKey: 'run:2' });
  const outcomes = await Promise.all([runAttempt(again), runAttempt(again)]);
  expect(outcomes).toEqual(Array(2).fill({ kind: 'delivered', attempts: 1 }));
  expect(requests).toHaveLength(1);
});

it('an attempt that waits for the claim of another process is put off if its lane has no place', async () => {
  await setRow("claimed_by = 'another process', claimed_until = now() + interval '1 minute'");
  const visited: string[] = [];
  const visit = { enter: (customerId: string) => visited.push(customerId) && 20 };
  expect(await run({ visit })).toMatchObject({ kind: 'throttled', attempts: 0, waitSeconds: 20 });
  expect(visited).toEqual([seeded.customerId]);
  expect(requests).toEqual([]);
});

it('a first attempt that another process has claimed is waited for, also with a rate limit since then', async () => {
  await setRow("claimed_by = 'another process', claimed_until = now() + interval '1 minute'");
  await setOurs('rate_limit_per_second = 1000');
  let loads = 0;
  const db = watched(database.db, ({ text }) => void (loads += Number(text.includes('n.last_attempt_key'))));
  const running = run({}, db);
  await until(
    async () => loads,
    (count) => count >= 3,
  );
  expect(requests).toEqual([]);
  await setRow('claimed_by = null, claimed_until = null');
  expect(await running).toEqual({ kind: 'delivered', attempts: 1 });
  expect(requests).toHaveLength(1);
});

it('an attempt reports that nothing more is sent before it is recorded', async () => {
  const steps: string[] = [];
  const record = createRecorder(database.db);
  const runAttempt = testRunner(database.db, answer, {
    recorder: (attempt) => {
      steps.push('recorded');
      return record(attempt);
    },
  });
  await runAttempt(input({ onSent: () => void steps.push('sent') }));
  expect(steps).toEqual(['sent', 'recorded']);
});

it('an attempt whose record waits for a lock is recorded however often that happens', async () => {
  const record = createRecorder(database.db);
  let left = 5;
  const runAttempt = testRunner(database.db, answer, {
    recorder: async (attempt) => {
      if (left-- > 0) throw Object.assign(new Error('lock timeout'), { code: '55P03' });
      return record(attempt);
    },
  });
  expect(await runAttempt(input())).toEqual({ kind: 'delivered', attempts: 1 });
  expect(requests).toHaveLength(1);
});
