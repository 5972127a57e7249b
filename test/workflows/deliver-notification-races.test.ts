import type { NotificationRef } from '../../src/domain/delivery';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { liveQuery } from '../../src/workflows/messages';
import { setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/** Signals and cancellations that come at an awkward moment, on a real Temporal server. */
const on = usePipeline();

async function start(options: Partial<SeedOptions> = {}, ref: Partial<NotificationRef> = {}) {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url('/hook'), timeoutSeconds: 15, ...options });
  return { seeded, ...(await startOne(seeded, ref)) };
}
async function startOne(seeded: Seeded, overrides: Partial<NotificationRef> = {}) {
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  const ref = { ...notification!, ...overrides };
  await on.pipeline.workflows.start(ref);
  return { id: ref.notificationId, ref };
}
const enable = ({ subscriptionId }: Seeded, enabled: boolean) =>
  setSubscription(on.pipeline.db, subscriptionId, `enabled = ${enabled}`);
/** Lets the receiver hold its answers. @returns what sends the one that it holds */
function holdAnswer(): (status: number) => void {
  let send: (status: number) => void = () => undefined;
  on.receiver.answerWith(() => new Promise((resolve) => (send = (status) => resolve({ status }))));
  return (status) => send(status);
}
const live = (id: string) => on.workflow(id).query(liveQuery);
const inPhase = (id: string, phase: string) =>
  until(
    () => live(id),
    (state) => state.phase === phase,
  );
async function historyOf(id: string) {
  const { events } = await on.workflow(id).fetchHistory();
  const count = (attributes: string) => events!.filter((event) => Object.hasOwn(event, attributes)).length;
  return {
    events: events!,
    // Other markers are those of `patched()`.
    localActivities: events!.filter(
      ({ markerRecordedEventAttributes: marker }) => marker?.markerName === 'core_local_activity',
    ).length,
    activities: count('activityTaskScheduledEventAttributes'),
  };
}

/** In a line whose next turn is far away. */
async function lined() {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url('/hook'), rateLimitPerSecond: 0.001 });
  await on.reaches((await startOne(seeded)).id, 'delivered');
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  return { seeded, notification: notification!, id: notification!.notificationId };
}

describe('a throttled notification', () => {
  async function waiting() {
    const { seeded, notification, id } = await lined();
    await on.pipeline.workflows.start(notification);
    await inPhase(id, 'waiting');
    return { seeded, id };
  }

  it('is cancelled by the signal while it waits for its slot', async () => {
    const { id } = await waiting();
    await on.workflow(id).signal('cancel');
    expect(await on.workflow(id).result()).toMatchObject({ status: 'cancelled', attempts: 0 });
    expect(on.receiver.requests).toHaveLength(1);
  });

  it.each(['release', 'retry'])('asks for its turn again when it gets the signal to %s', async (signal) => {
    const { seeded, id } = await waiting();
    await setSubscription(on.pipeline.db, seeded.subscriptionId, 'rate_limit_per_second = 1000');
    await on.workflow(id).signal(signal);
    expect(await on.workflow(id).result()).toMatchObject({ status: 'delivered', attempts: 1 });
  });
});

describe('the lane', () => {
  it('of the next attempt is the one that the last attempt found its subscription in', async () => {
    on.receiver.answerWith([500, 200]);
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url('/hook'), retrySchedule: [1] });
    await setSubscription(on.pipeline.db, seeded.subscriptionId, "slow_until = now() + interval '10 minutes'");
    const { id } = await startOne(seeded, { lane: 'fast' });
    expect(await on.workflow(id).result()).toMatchObject({ status: 'delivered', attempts: 2 });
    // The local activity finds the slow lane, and makes no attempt.
    expect(await historyOf(id)).toMatchObject({ localActivities: 1, activities: 2 });
  });

  it('is the fast one again once the subscription has left the slow lane', async () => {
    on.receiver.answerWith([500, 200]);
    const { id } = await start({ retrySchedule: [1] }, { lane: 'slow' });
    expect(await on.workflow(id).result()).toMatchObject({ status: 'delivered', attempts: 2 });
    expect(await historyOf(id)).toMatchObject({ localActivities: 1, activities: 1 });
  });
});

describe('the ladder', () => {
  it('waits each of its steps in turn', async () => {
    on.receiver.answerWith(500);
    const { id } = await start({ retrySchedule: [1, 600] });
    const { nextAttemptAt } = await until(
      () => on.find(id),
      ({ attemptCount }) => attemptCount === 2,
    );
    const [, second] = await attemptsOf(on.pipeline.db, id);
    const waitMs = nextAttemptAt!.getTime() - second!.finishedAt.getTime();
    expect(waitMs).toBeGreaterThanOrEqual(600_000);
    expect(waitMs).toBeLessThanOrEqual(660_000);
    await on.workflow(id).terminate();
  });

  it('skips its wait when somebody asks for a retry', async () => {
    on.receiver.answerWith([500, 200]);
    const { id } = await start({ retrySchedule: [600] });
    await inPhase(id, 'waiting');
    await on.workflow(id).signal('retry');
    expect(await on.workflow(id).result()).toMatchObject({ status: 'delivered', attempts: 2 });
  });
});

describe('a retry that is asked for during the last attempt of a ladder', () => {
  it('begins the ladder at its first step', async () => {
    const send = holdAnswer();
    const { id, ref } = await start({ retrySchedule: [1] });
    await on.receiver.waitFor(1);
    send(500);
    await on.receiver.waitFor(2);
    await on.pipeline.workflows.retry(ref);
    on.receiver.answerWith([500, 200]);
    send(500);
    expect(await on.workflow(id).result()).toMatchObject({ status: 'delivered', attempts: 4 });
    expect((await attemptsOf(on.pipeline.db, id)).map(({ trigger }) => trigger)).toEqual([
      'scheduled',
      'scheduled',
      'manual',
      'scheduled',
    ]);
  });

  it('begins no new ladder if the attempt delivers', async () => {
    const send = holdAnswer();
    const { id, ref } = await start({ retrySchedule: [] });
    await on.receiver.waitFor(1);
    await on.pipeline.workflows.retry(ref);
    send(200);
    expect(await on.workflow(id).result()).toMatchObject({ status: 'delivered', attempts: 1 });
  });
});

describe('a release', () => {
  it('that comes before the hold does not end it', async () => {
    on.receiver.answerWith(500);
    const { id, seeded } = await start({ retrySchedule: [3600, 600] });
    await on.reaches(id, 'retrying');
    await on.workflow(id).signal('release');
    await enable(seeded, false);
    // Its attempt is due now, and not before the subscription is disabled.
    await on.pipeline.workflows.reschedule(id, { attempts: 1, waitSeconds: 1, dueAt: new Date().toISOString() });
    await on.reaches(id, 'held');
    await inPhase(id, 'held');
    await on.workflow(id).signal('cancel');
    expect(await on.workflow(id).result()).toMatchObject({ status: 'cancelled', attempts: 1 });
    // The attempt, the hold, the cancellation: a release that still counted would have looked again
    // and again.
    expect((await historyOf(id)).localActivities).toBe(3);
  });

  it('does not skip the wait of a notification that is not held', async () => {
    on.receiver.answerWith(500);
    const { id } = await start({ retrySchedule: [600] });
    await on.reaches(id, 'retrying');
    await on.workflow(id).signal('release');
    expect(await live(id)).toMatchObject({ phase: 'waiting', attempt: 1 });
    await on.workflow(id).signal('cancel');
    expect(await on.workflow(id).result()).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(on.receiver.requests).toHaveLength(1);
  });
});

describe('a cancellation in the Temporal UI while the request is under way', () => {
  async function cancelDuringRequest(status: number) {
    const send = holdAnswer();
    // In the slow lane: a local activity would keep the workflow from seeing the cancellation.
    const { id } = await start({ timeoutSeconds: 60, retrySchedule: [600] });
    await on.receiver.waitFor(1);
    await on.workflow(id).cancel();
    await until(
      () => historyOf(id),
      ({ events }) => {
        const asked = events.findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes);
        return asked >= 0 && events.slice(asked).some((event) => event.workflowTaskCompletedEventAttributes);
      },
    );
    send(status);
    return id;
  }

  it('lets the attempt end, and delivered stays delivered', async () => {
    const id = await cancelDuringRequest(200);
    expect(await on.workflow(id).result()).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(await on.find(id)).toMatchObject({ status: 'delivered' });
  });

  it('cancels after an attempt that failed, which is on the record', async () => {
    const id = await cancelDuringRequest(500);
    await expect(on.workflow(id).result()).rejects.toThrow();
    expect((await on.workflow(id).describe()).status.name).toBe('CANCELLED');
    expect(await on.find(id)).toMatchObject({ status: 'cancelled', attemptCount: 1 });
  });
});
