import { decodeId } from '../../src/domain/ids';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { findRef } from '../../src/store/notifications/notification-refs';
import { markDue, releaseForRetry, reopenNotification } from '../../src/store/notifications/reopen';
import { requestCancel } from '../../src/store/notifications/transitions';
import { releasePage } from '../../src/store/subscriptions/releasing';
import { testReconciler } from '../support/reconciler';
import { notificationRow, setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/**
 * Signals that never arrive, because a process or Temporal failed between the commit and the
 * signal. Postgres has the wish, and the reconciler must find it.
 */
const on = usePipeline();

const seedHook = (options: Partial<SeedOptions> = {}) =>
  seed(on.pipeline.db, { url: on.receiver.url('/hook'), ...options });
/** @returns the id of the notification */
async function notify(seeded: Seeded): Promise<string> {
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  await on.pipeline.workflows.start(notification!);
  return notification!.notificationId;
}
async function start(options: Partial<SeedOptions> = {}) {
  const seeded = await seedHook(options);
  return { id: await notify(seeded), seeded };
}
const inPhase = (id: string, phase: string) =>
  until(
    () => on.pipeline.workflows.live(id),
    (live) => live?.phase === phase,
  );
const enable = ({ subscriptionId }: Seeded, enabled: boolean) =>
  setSubscription(on.pipeline.db, subscriptionId, `enabled = ${enabled}`);
const sweep = () => testReconciler(on.pipeline).sweepAll();

/** Fails the first attempt and disables the subscription, before the short wait begins. */
const answerAndDisable = (seeded: Seeded) =>
  on.receiver.answerWith([async () => (await enable(seeded, false), { status: 500 }), 200]);

/** A notification whose workflow holds, because its subscription was disabled during its wait. */
async function held() {
  const seeded = await seedHook({ retrySchedule: [1] });
  answerAndDisable(seeded);
  const id = await notify(seeded);
  await on.reaches(id, 'held');
  await inPhase(id, 'held');
  return { id, seeded };
}

/** A notification that was accepted while its subscription was disabled. */
async function acceptHeld() {
  const seeded = await seedHook({ enabled: false });
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  return { id: notification!.notificationId, seeded };
}

/** Releases in Postgres only, as a worker that dies before the signal. */
async function releaseWithoutSignal({ subscriptionId }: Seeded): Promise<void> {
  await releasePage(on.pipeline.db, subscriptionId, 'process-that-died', 10);
}

it('a lost release signal is repeated by the next sweep', async () => {
  const { id, seeded } = await held();
  await enable(seeded, true);
  await releaseWithoutSignal(seeded);
  expect((await on.find(id)).status).toBe('pending');
  await sweep();
  await on.reaches(id, 'delivered');
  expect(on.receiver.requests).toHaveLength(2);
});

it('a retry ends a hold whose release signal was lost, without a sweep', async () => {
  const { id, seeded } = await held();
  await enable(seeded, true);
  await releaseWithoutSignal(seeded);
  await on.pipeline.workflows.retry((await findRef(on.pipeline.db, id))!);
  await on.reaches(id, 'delivered');
});

it.each([
  ['its workflow holds', held],
  ['it has no workflow, because it was held when it was accepted', acceptHeld],
])('a retry of what is still held after its subscription was enabled is made now: %s', async (_, hold) => {
  on.receiver.answerWith(200);
  const { id, seeded } = await hold();
  await enable(seeded, true);
  expect(await releaseForRetry(on.pipeline.db, id)).toBe(true);
  const { attemptCount: attempts } = await on.find(id);
  await on.pipeline.workflows.retry((await findRef(on.pipeline.db, id))!, { attempts });
  await on.reaches(id, 'delivered');
  expect((await attemptsOf(on.pipeline.db, id)).at(-1)).toMatchObject({ trigger: 'manual' });
});

it('a lost cancel signal of a held notification is repeated by the next sweep, which closes the workflow', async () => {
  const { id } = await held();
  await requestCancel(on.pipeline.db, id);
  expect((await on.find(id)).status).toBe('cancelled');
  await sweep();
  await on.closes(id);
  await sweep();
  expect((await notificationRow(on.pipeline.db, id)).reconcile_after).toBeNull();
  expect((await on.find(id)).status).toBe('cancelled');
});

it('a lost cancel signal of a forced retry is repeated, and the notification stays delivered', async () => {
  on.receiver.answerWith([200, 500]);
  const { id } = await start({ retrySchedule: [3600] });
  await on.reaches(id, 'delivered');
  await on.closes(id);
  const ref = await reopenNotification(on.pipeline.db, id, true);
  await on.pipeline.workflows.retry(ref!, { reopened: true });
  await on.reaches(id, 'retrying');
  await inPhase(id, 'waiting');
  await requestCancel(on.pipeline.db, id);
  expect((await on.find(id)).status).toBe('delivered');
  await sweep();
  await on.closes(id);
  await sweep();
  expect(await notificationRow(on.pipeline.db, id)).toMatchObject({ status: 'delivered', reconcile_after: null });
  expect(await on.workflow(id).result()).toEqual({ status: 'delivered', attempts: 2 });
  expect(on.receiver.requests).toHaveLength(2);
});

it('a ladder that lost its further attempts while it was held fails when it is released', async () => {
  const { id, seeded } = await held();
  await setSubscription(on.pipeline.db, seeded.subscriptionId, "retry_schedule = '{}', enabled = true");
  await releaseWithoutSignal(seeded);
  await sweep();
  await on.reaches(id, 'failed');
  await on.closes(id);
  expect(on.receiver.requests).toHaveLength(1);
});

it('a cancelled notification is not checked again once its workflow got the signal', async () => {
  const { id } = await held();
  const cancelled = await requestCancel(on.pipeline.db, id);
  await on.pipeline.workflows.cancel(id, cancelled!.openedAt);
  await on.closes(id);
  expect(await notificationRow(on.pipeline.db, id)).toMatchObject({ status: 'cancelled', reconcile_after: null });
});

it('a lost cancel followed by a retry ends the hold', async () => {
  const { id, seeded } = await held();
  await requestCancel(on.pipeline.db, id);
  await enable(seeded, true);
  const ref = await reopenNotification(on.pipeline.db, id);
  await on.pipeline.workflows.retry(ref!, { reopened: true });
  await on.reaches(id, 'delivered');
});

it.each(['held', 'waiting'])(
  'a lost cancel and a lost retry of a %s notification: the sweep makes the attempt',
  async (phase) => {
    const seeded = await seedHook({ retrySchedule: phase === 'held' ? [1] : [3600] });
    if (phase === 'held') answerAndDisable(seeded);
    else on.receiver.answerWith([500, 200]);
    const id = await notify(seeded);
    await inPhase(id, phase);
    await requestCancel(on.pipeline.db, id);
    if (phase === 'held') await enable(seeded, true);
    await reopenNotification(on.pipeline.db, id);
    await sweep();
    await on.reaches(id, 'delivered');
  },
);

it('a release signal that was lost before the subscription was disabled again leaves the notification held', async () => {
  const { id, seeded } = await held();
  await enable(seeded, true);
  await releaseWithoutSignal(seeded);
  await enable(seeded, false);
  await sweep();
  await on.reaches(id, 'held');
  expect(on.receiver.requests).toHaveLength(1);
});

it('a sweep sends no signal to a workflow whose attempt is under way', async () => {
  let answer: (status: number) => void = () => undefined;
  on.receiver.answerWith([() => new Promise((resolve) => (answer = (status) => resolve({ status }))), 200]);
  const { id } = await start({ retrySchedule: [3600], timeoutSeconds: 60 });
  await on.receiver.waitFor(1);
  await on.pipeline.db.query({
    text: "update notifications set status = 'pending' where id = $1",
    values: [decodeId('ntf', id)],
  });
  await sweep();
  const { events } = await on.workflow(id).fetchHistory();
  expect(events!.filter((event) => event.workflowExecutionSignaledEventAttributes)).toEqual([]);
  answer(200);
  await on.reaches(id, 'delivered');
});

describe('a retry during the last attempt of a ladder, whose signal is lost', () => {
  /** Fails the attempt during which the retry was asked for. */
  async function failedAfterLostRetry(options: Partial<SeedOptions>) {
    let answer: (status: number) => void = () => undefined;
    const held = () => new Promise<{ status: number }>((resolve) => (answer = (status) => resolve({ status })));
    const before = (options.retrySchedule ?? []).map(() => 500);
    on.receiver.answerWith([...before, held, 500, 200]);
    const { id, seeded } = await start(options);
    await on.receiver.waitFor(before.length + 1);
    await markDue(on.pipeline.db, id);
    answer(500);
    await on.reaches(id, 'failed');
    return { id, seeded, before: before.length };
  }

  it.each([
    ['first', 'fast', { retrySchedule: [], timeoutSeconds: 15 }],
    ['first', 'slow', { retrySchedule: [], timeoutSeconds: 60 }],
    ['second', 'fast', { retrySchedule: [1], timeoutSeconds: 15 }],
    ['second', 'slow', { retrySchedule: [1], timeoutSeconds: 60 }],
  ])('begins a new ladder with the next sweep: the %s attempt, in the %s lane', async (_, _lane, options) => {
    const { id, seeded, before } = await failedAfterLostRetry(options);
    // The new ladder has the schedule of now.
    await setSubscription(on.pipeline.db, seeded.subscriptionId, "retry_schedule = '{1}'");
    await sweep();
    await on.reaches(id, 'delivered');
    expect(on.receiver.requests).toHaveLength(before + 3);
    expect((await notificationRow(on.pipeline.db, id)).reconcile_after).toBeNull();
  });

  it('ends its checks if the subscription was deleted meanwhile', async () => {
    const { id, seeded } = await failedAfterLostRetry({ retrySchedule: [], timeoutSeconds: 15 });
    await setSubscription(on.pipeline.db, seeded.subscriptionId, 'deleted_at = now()');
    await sweep();
    expect(await notificationRow(on.pipeline.db, id)).toMatchObject({ status: 'failed', reconcile_after: null });
  });
});
