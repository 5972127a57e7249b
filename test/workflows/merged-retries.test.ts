import { setTimeout as sleep } from 'node:timers/promises';
import { findRef } from '../../src/store/notifications/notification-refs';
import { markDue, reopenNotification } from '../../src/store/notifications/reopen';
import { notificationWorkflowId } from '../../src/domain/types';
import { replayAll, saveHistories } from '../support/histories';
import { acceptOne, seed, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/** Presses of Retry, on a real Temporal server: those that come together make one attempt. */
const on = usePipeline();
const started: { name: string; id: string }[] = [];

async function start(options: Partial<SeedOptions> = {}): Promise<string> {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url('/hook'), timeoutSeconds: 15, ...options });
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  await on.pipeline.workflows.start(notification!);
  started.push({ name: expect.getState().currentTestName!, id: notification!.notificationId });
  return notification!.notificationId;
}

/** As the API: the record first. @returns what signals the workflow */
async function press(id: string): Promise<() => Promise<void>> {
  const { db, workflows } = on.pipeline;
  const reopened = await reopenNotification(db, id, true);
  await markDue(db, id);
  const ref = reopened ?? (await findRef(db, id))!;
  const { attemptCount: attempts } = await on.find(id);
  return () => workflows.retry(ref, { reopened: reopened !== undefined, attempts });
}
const pressNow = async (id: string) => (await press(id))();
const quiet = () => sleep(1500);

/** Withholds the answers from now on. @returns what sends the one that is withheld */
function holdAnswers(): (status: number) => void {
  let send: (status: number) => void = () => undefined;
  on.receiver.answerWith(() => new Promise((resolve) => (send = (status) => resolve({ status }))));
  return (status) => send(status);
}

async function startFailed(): Promise<string> {
  on.receiver.answerWith(500);
  const id = await start({ retrySchedule: [] });
  await on.reaches(id, 'failed');
  await on.closes(id);
  return id;
}

it.each([
  ['in their order', (signals: (() => Promise<void>)[]) => signals],
  ['in the other order', (signals: (() => Promise<void>)[]) => signals.reverse()],
])('two presses on a failed notification whose signals come %s make one attempt', async (_, order) => {
  const id = await startFailed();
  const send = holdAnswers();
  for (const signal of order([await press(id), await press(id)])) await signal();
  await on.receiver.waitFor(2);
  send(500);
  await on.reaches(id, 'failed');
  await quiet();
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
});

it('presses while the attempt of a press is made have no further effect', async () => {
  const id = await startFailed();
  const send = holdAnswers();
  await pressNow(id);
  await on.receiver.waitFor(2);
  await pressNow(id);
  await pressNow(id);
  send(500);
  await on.reaches(id, 'failed');
  await quiet();
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
});

it('a press during the attempt of a press, which takes 2 s, has no further effect', async () => {
  const id = await startFailed();
  const send = holdAnswers();
  await pressNow(id);
  await on.receiver.waitFor(2);
  await sleep(1000);
  await pressNow(id);
  await sleep(1000);
  send(500);
  await on.reaches(id, 'failed');
  await sleep(4000);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
});

it('two presses on a waiting notification make one attempt, and the ladder goes on', async () => {
  on.receiver.answerWith(500);
  const id = await start({ retrySchedule: [3600, 3600] });
  await on.reaches(id, 'retrying');
  const [first, second] = [await press(id), await press(id)];
  await Promise.all([first(), second()]);
  await until(
    () => on.triggers(id),
    (made) => made.length === 2,
  );
  await quiet();
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
  const { status, nextAttemptAt } = await on.find(id);
  expect(status).toBe('retrying');
  expect(nextAttemptAt!.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  await on.workflow(id).terminate();
});

it('a press whose signal comes after the attempt of another press has no further effect', async () => {
  on.receiver.answerWith(500);
  const id = await start({ retrySchedule: [3600, 3600] });
  await on.reaches(id, 'retrying');
  const [first, second] = [await press(id), await press(id)];
  await first();
  await until(
    () => on.triggers(id),
    (made) => made.length === 2,
  );
  await second();
  await quiet();
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
  await on.workflow(id).terminate();
});

it.each([
  ['first', 0],
  ['second', 1],
])(
  'of two presses, the %s one whose signal comes after the run of the other closed has no further effect',
  async (_, late) => {
    const id = await startFailed();
    const signals = [await press(id), await press(id)];
    await signals[1 - late]!();
    await until(
      () => on.triggers(id),
      (made) => made.length === 2,
    );
    await on.closes(id);
    await signals[late]!();
    await on.closes(id);
    await quiet();
    expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
    expect(await on.find(id)).toMatchObject({ status: 'failed' });
  },
);

it('a press during the attempt of a press has no further effect, though its signal comes after the run closed', async () => {
  const id = await startFailed();
  const send = holdAnswers();
  await pressNow(id);
  await on.receiver.waitFor(2);
  const signal = await press(id);
  send(500);
  await on.reaches(id, 'failed');
  await on.closes(id);
  await signal();
  await quiet();
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
});

it('a late signal loses no press that came after it', async () => {
  const id = await startFailed();
  const [first, second] = [await press(id), await press(id)];
  await first();
  await until(
    () => on.triggers(id),
    (made) => made.length === 2,
  );
  await on.closes(id);
  await second();
  await on.closes(id);
  await pressNow(id);
  await until(
    () => on.triggers(id),
    (made) => made.length === 3,
  );
  await on.closes(id);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual', 'manual']);
});

it('a press after a scheduled attempt that was made for nobody makes one, though its signal comes late', async () => {
  const send = holdAnswers();
  const id = await start({ retrySchedule: [] });
  await on.receiver.waitFor(1);
  const signal = await press(id);
  send(500);
  await on.reaches(id, 'failed');
  await on.closes(id);
  await signal();
  await on.receiver.waitFor(2);
  send(500);
  await until(
    () => on.triggers(id),
    (made) => made.length === 2,
  );
  await on.closes(id);
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
});

it('a press after the attempt of another press makes another one', async () => {
  const id = await startFailed();
  for (const count of [2, 3]) {
    await pressNow(id);
    await until(
      () => on.triggers(id),
      (made) => made.length === count,
    );
    await on.reaches(id, 'failed');
  }
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual', 'manual']);
});

it('a press during a scheduled attempt makes another attempt if that one fails', async () => {
  const send = holdAnswers();
  const id = await start({ retrySchedule: [] });
  await on.receiver.waitFor(1);
  await pressNow(id);
  await pressNow(id);
  send(500);
  await on.receiver.waitFor(2);
  send(500);
  await on.reaches(id, 'failed');
  await quiet();
  expect(await on.triggers(id)).toEqual(['scheduled', 'manual']);
});

it('a delivered notification stays known as delivered when a forced retry fails', async () => {
  on.receiver.answerWith([200, 500]);
  const id = await start({ retrySchedule: [] });
  await on.reaches(id, 'delivered');
  const { deliveredAt } = await on.find(id);
  expect(deliveredAt).not.toBeNull();
  await pressNow(id);
  await until(
    () => on.triggers(id),
    (made) => made.length === 2,
  );
  await until(
    () => on.find(id),
    ({ status }) => status === 'delivered',
  );
  expect(await on.find(id)).toMatchObject({
    status: 'delivered',
    deliveredAt,
    lastResponseStatus: 500,
    nextAttemptAt: null,
  });
  await on.closes(id);
});

// The last test, because it replays what the others have left.
it('every history of these tests replays', async () => {
  const histories = await Promise.all(
    started.map(async ({ name, id }) => ({
      name,
      workflowId: notificationWorkflowId(id),
      history: await on.workflow(id).fetchHistory(),
    })),
  );
  expect(histories.length).toBeGreaterThan(5);
  saveHistories(histories);
  expect(await replayAll(histories)).toEqual([]);
});
