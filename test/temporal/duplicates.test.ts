import { setTimeout as sleep } from 'node:timers/promises';
import { BURST_PREFIX } from '../../src/domain/delivery';
import { newUuid } from '../../src/domain/ids';
import type { AcceptedNotification } from '../../src/domain/acceptance';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { useFirstAttempts } from '../support/first-attempts';
import { startReceiver } from '../support/receiver';
import { seed, type Seeded } from '../support/seed';
import { decodeId } from '../../src/domain/ids';

/** Without a crash, every attempt is one request, whoever else could make it. */
const on = useFirstAttempts();
const burstId = () => BURST_PREFIX + newUuid();

/** Accepts notifications that nobody has a live claim on. */
async function lapsed(count: number, seeded: Seeded): Promise<AcceptedNotification[]> {
  const notifications: AcceptedNotification[] = [];
  for (let index = 0; index < count; index++) {
    const { notification } = await on.accept(seeded, 'dying');
    await on.lapse(notification.notificationId);
    notifications.push(notification);
  }
  return notifications;
}
const idsOf = (notifications: AcceptedNotification[]) => notifications.map(({ notificationId }) => notificationId);
/** How often the receiver got each notification. */
function timesReceived(requests: { headers: Record<string, string | string[] | undefined> }[]): number[] {
  const times = new Map<string, number>();
  for (const { headers } of requests) {
    const key = `${String(headers['signpost-notification'])} ${String(headers['signpost-attempt'])}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return [...times.values()];
}

it('a burst does not claim a notification whose workflow is making the first attempt', async () => {
  on.receiver.answerWith(async () => (await sleep(1500), { status: 200 }));
  const [notification] = await lapsed(1, await seed(on.pipeline.db, { url: on.receiver.url() }));
  const { notificationId } = notification!;
  await on.pipeline.workflows.start(notification!);
  await on.receiver.waitFor(1);
  await on.pipeline.workflows.runBurst(burstId(), [notificationId]);
  await on.reaches(notificationId, 'delivered');
  expect(await on.workflow(notificationId).result()).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(on.receiver.requests).toHaveLength(1);
  expect(await attemptsOf(on.pipeline.db, notificationId)).toHaveLength(1);
});

it('another process does not claim a notification whose workflow is making the first attempt', async () => {
  let answer: () => void = () => undefined;
  on.receiver.answerWith(() => new Promise((resolve) => (answer = () => resolve({ status: 200 }))));
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), timeoutSeconds: 15 });
  const [notification] = await lapsed(1, seeded);
  const { notificationId } = notification!;
  await on.pipeline.workflows.start(notification!);
  await on.receiver.waitFor(1);
  const { rows } = await on.pipeline.db.query<{ claimed: boolean; by: string }>({
    text: 'select claimed_until > now() as claimed, claimed_by as by from notifications where id = $1',
    values: [decodeId('ntf', notificationId)],
  });
  expect(rows).toEqual([{ claimed: true, by: on.mine() }]);
  answer();
  await on.reaches(notificationId, 'delivered');
});

it('two bursts of the same notifications, started together, send each once', async () => {
  on.receiver.answerWith(async () => (await sleep(300), { status: 200 }));
  const ids = idsOf(await lapsed(20, await seed(on.pipeline.db, { url: on.receiver.url() })));
  await Promise.all([on.pipeline.workflows.runBurst(burstId(), ids), on.pipeline.workflows.runBurst(burstId(), ids)]);
  // What a burst cannot wait for, it hands to a workflow.
  for (const id of ids) expect(await on.reaches(id, 'delivered')).toMatchObject({ attemptCount: 1 });
  expect(timesReceived(on.receiver.requests)).toEqual(Array.from(ids, () => 1));
});

it('two bursts that wait for the same head starts, which are dropped as too late, send each once', async () => {
  const [busy, quick] = [await startReceiver(), on.receiver];
  busy.answerWith(async () => (await sleep(3500), { status: 200 }));
  quick.answerWith(async () => (await sleep(300), { status: 200 }));
  const seeded = await seed(on.pipeline.db, { url: busy.url() });
  const late = (claimedAt: number, accepted: Awaited<ReturnType<typeof on.accept>>[]) =>
    on.pipeline.headStarts.begin(
      accepted.map(({ notification }) => ({ ...notification, workflowId: 'burst/test', claimedAt })),
    );
  const accept = async (count: number) => {
    const all = [];
    for (let index = 0; index < count; index++) all.push(await on.accept(seeded, on.mine()));
    return all;
  };
  // 64 requests hold every slot of the subscription until the others are too late.
  const [first, others] = [await accept(64), await accept(20)];
  late(performance.now(), first);
  await busy.waitFor(60);
  late(performance.now() - 7000, others);
  busy.answerWith(async () => (await sleep(300), { status: 200 }));
  const ids = others.map(({ notification }) => notification.notificationId);
  await Promise.all([on.pipeline.workflows.runBurst(burstId(), ids), on.pipeline.workflows.runBurst(burstId(), ids)]);
  // What a burst cannot wait for, it hands to a workflow.
  for (const id of ids) expect(await on.reaches(id, 'delivered')).toMatchObject({ attemptCount: 1 });
  expect(new Set(timesReceived(busy.requests))).toEqual(new Set([1]));
  await busy.close();
});

it('a process that begins the same head start twice makes it once', async () => {
  on.receiver.answerWith(async () => (await sleep(300), { status: 200 }));
  const { notification, begin } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), on.mine());
  begin(on.pipeline.headStarts);
  begin(on.pipeline.headStarts);
  await on.receiver.waitFor(1);
  begin(on.pipeline.headStarts);
  await on.reaches(notification.notificationId, 'delivered');
  await sleep(400);
  expect(on.receiver.requests).toHaveLength(1);
});

it('a notification that failed for good is not started again', async () => {
  on.receiver.answerWith(500);
  const { notification, begin } = await on.accept(
    await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [] }),
    on.mine(),
  );
  begin(on.pipeline.headStarts);
  await on.reaches(notification.notificationId, 'failed');
  expect(await on.pipeline.workflows.start(notification)).toBe(true);
  await expect(on.workflow(notification.notificationId).result()).rejects.toThrow();
  expect(await on.pipeline.workflows.start(notification)).toBe(false);
  expect(await on.find(notification.notificationId)).toMatchObject({ status: 'failed', attemptCount: 1 });
  expect(on.receiver.requests).toHaveLength(1);
});

it('a notification that failed with 410 stays failed when its workflow is reset, and is not held', async () => {
  on.receiver.answerWith(410);
  const { notification, begin } = await on.accept(
    await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [] }),
    on.mine(),
  );
  begin(on.pipeline.headStarts);
  await on.reaches(notification.notificationId, 'failed');
  await on.pipeline.workflows.start(notification);
  await expect(on.workflow(notification.notificationId).result()).rejects.toThrow();
  await on.pipeline.workflows.restart(notification);
  await expect(on.workflow(notification.notificationId).result()).rejects.toMatchObject({
    cause: { message: 'HTTP 410 (attempt 1, the last one)' },
  });
  expect(await on.find(notification.notificationId)).toMatchObject({ status: 'failed', attemptCount: 1 });
  expect(on.receiver.requests).toHaveLength(1);
});
