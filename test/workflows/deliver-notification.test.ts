import { Client, WorkflowFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Webhook } from 'standardwebhooks';
import { notificationWorkflowId } from '../../src/domain/types';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { findNotification } from '../../src/store/notifications/notifications';
import type { deliverNotification } from '../../src/workflows';
import { liveQuery } from '../../src/workflows/messages';
import { replayAll, saveHistories } from '../support/histories';
import { startReceiver, type Receiver } from '../support/receiver';
import { acceptOne, seed, type Seeded, type SeedOptions } from '../support/seed';
import { startPipeline, type Pipeline } from '../support/pipeline';
import { startTimeSkipping } from '../support/temporal';
import { until } from '../support/until';
import { cancelNotification } from '../../src/store/notifications/transitions';

let env: TestWorkflowEnvironment;
let pipeline: Pipeline;
let receiver: Receiver;

beforeAll(async () => {
  env = await startTimeSkipping();
  const namespace = env.namespace ?? 'default';
  const connection = env.nativeConnection;
  // Eager start needs the worker's own connection. The environment's client, which skips time,
  // waits for results.
  pipeline = await startPipeline({ client: new Client({ connection, namespace }), connection, namespace });
});
const made: { name: string; id: string }[] = [];

afterAll(async () => {
  await pipeline?.stop();
  await env?.teardown();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

async function start(options: Partial<SeedOptions> = {}): Promise<{ id: string; seeded: Seeded }> {
  const seeded = await seed(pipeline.db, { url: receiver.url('/hook'), ...options });
  const [notification] = await acceptOne(pipeline.db, seeded);
  await pipeline.workflows.start(notification!);
  made.push({ name: expect.getState().currentTestName ?? '', id: notification!.notificationId });
  return { id: notification!.notificationId, seeded };
}

const handle = (id: string) => env.client.workflow.getHandle<typeof deliverNotification>(notificationWorkflowId(id));
const record = async (id: string) => (await findNotification(pipeline.db, id, {}))!;
const numbers = async (id: string) =>
  (await attemptsOf(pipeline.db, id)).map(({ number, trigger, status }) => ({ number, trigger, status }));
const failure = async (id: string): Promise<string> => {
  const error = await handle(id)
    .result()
    .then(() => undefined)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return String((error as WorkflowFailedError).cause?.message);
};
/** Waits, in real time, until the record has this status. */
const reaches = (id: string, wanted: string) =>
  until(
    () => record(id),
    ({ status }) => status === wanted,
  );

describe('ladder', () => {
  it('delivers at the first attempt, signed so that the stock library accepts it', async () => {
    const { id, seeded } = await start();
    await expect(handle(id).result()).resolves.toEqual({ status: 'delivered', attempts: 1 });
    const [request] = receiver.requests;
    expect(new Webhook(seeded.secret).verify(request!.body, request!.headers as Record<string, string>)).toMatchObject({
      type: seeded.eventType,
      data: { amount: 125.5 },
    });
    expect(await record(id)).toMatchObject({ status: 'delivered', attemptCount: 1, nextAttemptAt: null });
  });

  it('walks the whole default ladder and then closes as Failed with the last reason', async () => {
    receiver.answerWith(503);
    const { id } = await start();
    expect(await failure(id)).toBe('HTTP 503 (attempt 5, the last one)');
    expect((await handle(id).describe()).status.name).toBe('FAILED');
    expect(await numbers(id)).toEqual([1, 2, 3, 4, 5].map((number) => ({ number, trigger: 'scheduled', status: 503 })));
    expect(await record(id)).toMatchObject({ status: 'failed', attemptCount: 5, lastResponseStatus: 503 });
    expectWaits(await timersOf(id), [30, 300, 1800, 7200]);
  });

  it('keeps webhook-id through the retries and signs each one with its own timestamp', async () => {
    receiver.answerWith([500, 500, 200]);
    const { id, seeded } = await start({ retrySchedule: [1, 2] });
    await handle(id).result();
    const seen = receiver.requests;
    expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(seen.map(({ headers }) => headers['signpost-attempt'])).toEqual(['1', '2', '3']);
    for (const { body, headers } of seen) new Webhook(seeded.secret).verify(body, headers as Record<string, string>);
  });

  it('walks a custom retry schedule, and does not retry with an empty one', async () => {
    receiver.answerWith(500);
    const custom = await start({ retrySchedule: [5, 10, 20, 40, 80] });
    await failure(custom.id);
    expectWaits(await timersOf(custom.id), [5, 10, 20, 40, 80]);
    const none = await start({ retrySchedule: [] });
    expect(await failure(none.id)).toBe('HTTP 500 (attempt 1, the last one)');
  });

  it('honours Retry-After if it is later than the step, and takes more than a day for a day', async () => {
    receiver.answerWith([
      { status: 503, headers: { 'retry-after': '100' } },
      { status: 429, headers: { 'retry-after': '2' } },
      { status: 503, headers: { 'retry-after': '90000' } },
      { status: 500, headers: { 'retry-after': '9999' } },
      200,
    ]);
    const { id } = await start({ retrySchedule: [10, 20, 30, 40] });
    await handle(id).result();
    const [first, second, third, fourth] = await timersOf(id);
    expect([first, third]).toEqual([100, 86_400]);
    expectWaits([second!, fourth!], [20, 40]);
  });

  it('delivers to the URL that the subscription has at the time of the attempt', async () => {
    const replacement = await startReceiver();
    receiver.answerWith(500);
    const { id, seeded } = await start({ retrySchedule: [60] });
    await reaches(id, 'retrying');
    await pipeline.db.query({
      text: 'update subscriptions set url = $1 where customer_id = $2',
      values: [replacement.url('/new'), seeded.customerId],
    });
    await handle(id).result();
    expect(replacement.requests).toHaveLength(1);
    await replacement.close();
  });

  it('stops at a 410 and disables the subscription', async () => {
    receiver.answerWith(410);
    const { id, seeded } = await start();
    expect(await failure(id)).toBe('HTTP 410 (attempt 1, the last one)');
    const { rows } = await pipeline.db.query<{ status: string }>({
      text: 'select status from subscription_states where customer_id = $1',
      values: [seeded.customerId],
    });
    expect(rows).toEqual([{ status: 'out-of-order' }]);
  });

  it('makes attempts with a long timeout in the slow lane', async () => {
    const { id } = await start({ timeoutSeconds: 60 });
    await handle(id).result();
    const types = await eventTypesOf(id);
    expect(types).toContain('activityTaskScheduledEventAttributes');
    expect(types).not.toContain('markerRecordedEventAttributes');
  });

  it('costs Temporal one workflow task if the first attempt succeeds', async () => {
    const { id } = await start();
    await handle(id).result();
    const types = await eventTypesOf(id);
    expect(types.filter((type) => type === 'workflowTaskCompletedEventAttributes')).toHaveLength(1);
    expect(types).not.toContain('timerStartedEventAttributes');
  });

  it('keeps payload and secret out of the workflow history', async () => {
    const { id, seeded } = await start();
    await handle(id).result();
    const history = JSON.stringify(await handle(id).fetchHistory());
    const decoded = history.replace(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
      Buffer.from(data, 'base64').toString(),
    );
    expect(decoded).toContain(id);
    expect(decoded).not.toContain('125.5');
    expect(decoded).not.toContain(seeded.secret);
  });

  it('waits for its slot under the rate limit and drops nothing', async () => {
    const seeded = await seed(pipeline.db, { url: receiver.url('/hook'), rateLimitPerSecond: 1 });
    const ids: string[] = [];
    const startedAt = Date.now();
    for (let i = 0; i < 3; i++) {
      const [notification] = await acceptOne(pipeline.db, seeded);
      await pipeline.workflows.start(notification!);
      ids.push(notification!.notificationId);
    }
    for (const id of ids) await reaches(id, 'delivered');
    expect(receiver.requests).toHaveLength(3);
    // The first request may be late, but the turn of the third one is 2 s after the first turn.
    expect(receiver.requests[2]!.at.getTime() - startedAt).toBeGreaterThanOrEqual(1990);
  });
});

describe('retry signal', () => {
  it('a retry signal skips the wait and counts as the skipped step of the ladder', async () => {
    receiver.answerWith([500, 200]);
    const { id } = await start();
    await reaches(id, 'retrying');
    await handle(id).signal('retry');
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'delivered', attempts: 2 });
    expect(await numbers(id)).toEqual([
      { number: 1, trigger: 'scheduled', status: 500 },
      { number: 2, trigger: 'manual', status: 200 },
    ]);
  });

  it('a retry of a failed notification begins a new run and continues the attempt numbers', async () => {
    receiver.answerWith([500, 500, 500, 200]);
    const { id } = await start({ retrySchedule: [1] });
    await failure(id);
    const before = await handle(id).describe();
    await pipeline.workflows.retry({
      notificationId: id,
      schedule: [1],
      lane: 'fast',
      customerId: 'c',
      subscriptionId: 's',
      eventType: 't',
    });
    await handle(id).result();
    const after = await handle(id).describe();
    expect(after.runId).not.toBe(before.runId);
    expect(await numbers(id)).toEqual([
      { number: 1, trigger: 'scheduled', status: 500 },
      { number: 2, trigger: 'scheduled', status: 500 },
      { number: 3, trigger: 'manual', status: 500 },
      { number: 4, trigger: 'scheduled', status: 200 },
    ]);
    expect(await record(id)).toMatchObject({ status: 'delivered', attemptCount: 4 });
  });

  it('a retry of a delivered notification sends nothing', async () => {
    const { id } = await start();
    await handle(id).result();
    await pipeline.workflows.retry({
      notificationId: id,
      schedule: [],
      lane: 'fast',
      customerId: 'c',
      subscriptionId: 's',
      eventType: 't',
    });
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'delivered', attempts: 1 });
    expect(receiver.requests).toHaveLength(1);
  });
});

describe('reschedule signal', () => {
  const dueAt = '2099-01-01T00:00:00.000Z';
  const live = (id: string) => handle(id).query(liveQuery);

  it('a reschedule signal moves the next attempt, and the query shows it', async () => {
    receiver.answerWith([500, 200]);
    const { id } = await start({ retrySchedule: [3600] });
    await reaches(id, 'retrying');
    await pipeline.workflows.reschedule(id, { attempts: 1, waitSeconds: 7000, dueAt });
    expect(await live(id)).toMatchObject({ phase: 'waiting', nextAttemptAt: dueAt });
    await pipeline.workflows.reschedule(id, { attempts: 1, waitSeconds: 2, dueAt });
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'delivered', attempts: 2 });
    expect((await timersOf(id)).slice(1)).toEqual([7000, 2]);
    expect(await numbers(id)).toMatchObject([{ trigger: 'scheduled' }, { trigger: 'scheduled' }]);
  });

  it('a reschedule signal for the wait after an earlier attempt has no effect', async () => {
    receiver.answerWith([500, 500, 200]);
    const { id } = await start({ retrySchedule: [1, 3600] });
    await until(
      () => record(id),
      ({ attemptCount }) => attemptCount === 2,
    );
    await pipeline.workflows.reschedule(id, { attempts: 1, waitSeconds: 1, dueAt });
    expect((await live(id)).nextAttemptAt).not.toBe(dueAt);
    await handle(id).result();
    expectWaits(await timersOf(id), [1, 3600]);
  });

  it('a reschedule signal that comes before the wait holds for it', async () => {
    let answer: () => void = () => undefined;
    receiver.answerWith([() => new Promise((resolve) => (answer = () => resolve({ status: 500 }))), 200]);
    const { id } = await start({ retrySchedule: [3600], timeoutSeconds: 20 });
    await receiver.waitFor(1);
    await pipeline.workflows.reschedule(id, { attempts: 1, waitSeconds: 7, dueAt });
    answer();
    await handle(id).result();
    expect(await timersOf(id)).toEqual([7]);
  });

  it('a retry or a cancel signal ends a wait that was moved', async () => {
    receiver.answerWith([500, 200]);
    const { id } = await start({ retrySchedule: [3600] });
    await reaches(id, 'retrying');
    await pipeline.workflows.reschedule(id, { attempts: 1, waitSeconds: 7000, dueAt });
    await handle(id).signal('retry');
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'delivered', attempts: 2 });
  });

  it('a reschedule signal to a workflow that is closed is lost, and nothing fails', async () => {
    const { id } = await start();
    await handle(id).result();
    await pipeline.workflows.reschedule(id, { attempts: 1, waitSeconds: 7, dueAt });
    await pipeline.workflows.reschedule('ntf_01m83z393me01aqe5h2137m1gt', { attempts: 1, waitSeconds: 7, dueAt });
  });
});

describe('cancelling', () => {
  it('a cancel signal during a wait ends the ladder', async () => {
    receiver.answerWith(500);
    const { id } = await start();
    await reaches(id, 'retrying');
    await handle(id).signal('cancel');
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(await record(id)).toMatchObject({ status: 'cancelled', nextAttemptAt: null });
  });

  it('a cancellation in the Temporal UI ends the ladder and closes the workflow as Canceled', async () => {
    receiver.answerWith(500);
    const { id } = await start();
    await reaches(id, 'retrying');
    await handle(id).cancel();
    await handle(id)
      .result()
      .catch(() => undefined);
    expect((await handle(id).describe()).status.name).toBe('CANCELLED');
    expect(await record(id)).toMatchObject({ status: 'cancelled' });
  });

  it('a cancellation in the record takes effect at the next attempt if the signal is lost', async () => {
    receiver.answerWith(500);
    const { id } = await start({ retrySchedule: [60] });
    await reaches(id, 'retrying');
    await cancelNotification(pipeline.db, id);
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'cancelled' });
    expect(receiver.requests).toHaveLength(1);
  });

  it('a cancel signal during an attempt lets it finish, and a delivered notification stays delivered', async () => {
    receiver.answerWith(async () => {
      await handle(receiver.requests[0]!.headers['signpost-notification'] as string).signal('cancel');
      return { status: 200 };
    });
    const { id } = await start();
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'delivered' });
    expect(await record(id)).toMatchObject({ status: 'delivered' });
  });
});

describe('hold and release', () => {
  it('holds a notification while its subscription is disabled, and continues when released', async () => {
    receiver.answerWith([500, 200]);
    const { id, seeded } = await start({ retrySchedule: [60, 60] });
    await reaches(id, 'retrying');
    const enable = (enabled: boolean) =>
      pipeline.db.query({
        text: 'update subscriptions set enabled = $1 where customer_id = $2',
        values: [enabled, seeded.customerId],
      });
    await enable(false);
    // The wait may be 10 % longer than in the schedule.
    await env.sleep('67 s');
    await reaches(id, 'held');
    expect(await handle(id).query(liveQuery)).toMatchObject({ phase: 'held', attempt: 1 });
    await enable(true);
    await handle(id).signal('release');
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'delivered', attempts: 2 });
  });

  it('cancels a held notification', async () => {
    const { id } = await start({ enabled: false });
    await reaches(id, 'held');
    await handle(id).signal('cancel');
    await expect(handle(id).result()).resolves.toMatchObject({ status: 'cancelled', attempts: 0 });
  });
});

it('the history of every notification in this file replays', async () => {
  const histories = await Promise.all(
    made.map(async ({ name, id }) => ({
      name,
      workflowId: notificationWorkflowId(id),
      history: await handle(id).fetchHistory(),
    })),
  );
  expect(histories.length).toBeGreaterThan(15);
  saveHistories(histories);
  expect(await replayAll(histories)).toEqual([]);
});

/** Waits are up to 10 % longer than in the schedule. */
function expectWaits(timers: readonly number[], schedule: readonly number[]): void {
  expect(timers).toHaveLength(schedule.length);
  timers.forEach((seconds, index) => {
    expect(seconds).toBeGreaterThanOrEqual(schedule[index]!);
    expect(seconds).toBeLessThanOrEqual(Math.round(schedule[index]! * 1.1));
  });
}

async function eventsOf(id: string) {
  return (await handle(id).fetchHistory()).events ?? [];
}

async function eventTypesOf(id: string): Promise<string[]> {
  return (await eventsOf(id)).flatMap((event) => Object.keys(event).filter((key) => key.endsWith('EventAttributes')));
}

/** Waits of the latest run, in seconds, read from its timers. */
async function timersOf(id: string): Promise<number[]> {
  const timers = (await eventsOf(id)).flatMap((event) => event.timerStartedEventAttributes ?? []);
  return timers.map(({ startToFireTimeout }) =>
    Math.round(Number(startToFireTimeout?.seconds ?? 0) + (startToFireTimeout?.nanos ?? 0) / 1e9),
  );
}
