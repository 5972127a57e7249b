import { setTimeout as sleep } from 'node:timers/promises';
import { decodeId } from '../../src/domain/ids';
import { BURST_PREFIX } from '../../src/domain/delivery';
import { newUuid } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import type { HeadStarts } from '../../src/activities/head-starts';
import { acceptEvents, headStartDelivery, type AcceptedNotification } from '../../src/store/accept';
import { attemptsOf } from '../../src/store/attempts';
import { cancelNotification } from '../../src/store/deliveries';
import { findNotification, reopenNotification, takeOverdue } from '../../src/store/notifications';
import { startReceiver, type Receiver } from '../support/receiver';
import { eventFor, seed, type Seeded } from '../support/seed';
import { startSpine, type Spine } from '../support/spine';
import { connectTestTemporal } from '../support/temporal';
import { until } from '../support/until';

/** First attempts that the accepting process makes while Temporal gets ready, and the bursts that look after many of them. */
let temporal: Awaited<ReturnType<typeof connectTestTemporal>>;
let spine: Spine;
let receiver: Receiver;

beforeAll(async () => {
  temporal = await connectTestTemporal();
  spine = await startSpine(temporal);
});
afterAll(async () => {
  await spine?.stop();
  await temporal?.close();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

/** Accepts an event as a process would, which claims what it can. */
async function accept(
  seeded: Seeded,
  processId: string,
): Promise<{ notification: AcceptedNotification; begin(by: HeadStarts, workflowId?: string): void }> {
  const event = eventFor(seeded);
  const claimedAt = performance.now();
  const [result] = await acceptEvents(spine.db, [event], processId);
  if (result?.kind !== 'accepted') throw new Error('not accepted');
  const notification = result.notifications[0]!;
  return {
    notification,
    begin(by, workflowId = notificationWorkflowId(notification.notificationId)) {
      const accepted = headStartDelivery(event, notification)!;
      by.begin([{ ...notification, workflowId, claimedAt, accepted }]);
    },
  };
}

const find = async (id: string) => (await findNotification(spine.db, id, {}))!;
const reaches = (id: string, wanted: string) =>
  until(
    () => find(id),
    ({ status }) => status === wanted,
  );
const workflow = (id: string) => temporal.client.workflow.getHandle(notificationWorkflowId(id));
const mine = () => spine.headStarts.processId;
/** As if the time of a claim had run out. */
const lapse = (id: string) =>
  spine.db.query({
    text: "update notifications set claimed_until = now() - interval '1 ms' where id = $1",
    values: [decodeId('ntf', id)],
  });

describe('a head start', () => {
  it('is claimed for the fast lane only, and only where no rate limit has a say', async () => {
    const claimed = async (options: { timeoutSeconds?: number; rateLimitPerSecond?: number; enabled?: boolean }) =>
      (await accept(await seed(spine.db, { url: receiver.url(), ...options }), mine())).notification.claimed;
    expect(await claimed({})).toBe(true);
    expect(await claimed({ timeoutSeconds: 60 })).toBe(false);
    expect(await claimed({ rateLimitPerSecond: 5 })).toBe(false);
    expect(await claimed({ enabled: false })).toBe(false);
  });

  it('delivers while the workflow is not even started, and the workflow then completes without an attempt of its own', async () => {
    const { notification, begin } = await accept(await seed(spine.db, { url: receiver.url() }), mine());
    begin(spine.headStarts);
    await reaches(notification.notificationId, 'delivered');
    await spine.workflows.start(notification);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(receiver.requests).toHaveLength(1);
  });

  it('is awaited by its workflow while it is under way', async () => {
    receiver.answerWith(async () => (await sleep(300), { status: 200 }));
    const { notification, begin } = await accept(await seed(spine.db, { url: receiver.url() }), mine());
    begin(spine.headStarts);
    await spine.workflows.start(notification);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(receiver.requests).toHaveLength(1);
  });

  it('that fails is the first step of the ladder that its workflow goes on with', async () => {
    receiver.answerWith([500, 200]);
    const { notification, begin } = await accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [1, 1] }),
      mine(),
    );
    begin(spine.headStarts);
    await spine.workflows.start(notification);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered', attempts: 2 });
    expect(
      (await attemptsOf(spine.db, notification.notificationId)).map(({ number, status }) => [number, status]),
    ).toEqual([
      [1, 500],
      [2, 200],
    ]);
  });

  it('that fails for good closes its workflow as Failed', async () => {
    receiver.answerWith(500);
    const { notification, begin } = await accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [] }),
      mine(),
    );
    begin(spine.headStarts);
    await spine.workflows.start(notification);
    await expect(workflow(notification.notificationId).result()).rejects.toThrow();
    expect((await workflow(notification.notificationId).describe()).status.name).toBe('FAILED');
    expect(receiver.requests).toHaveLength(1);
  });

  it('of another process is waited for by the workflow, which sends nothing itself', async () => {
    receiver.answerWith(async () => (await sleep(500), { status: 200 }));
    const { notification, begin } = await accept(await seed(spine.db, { url: receiver.url() }), 'another');
    begin(spine.otherProcess('another'));
    await spine.workflows.start(notification);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(receiver.requests).toHaveLength(1);
  });

  it('of another process that failed is handed over, and its next step is not skipped', async () => {
    receiver.answerWith([503, 200]);
    const { notification, begin } = await accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [1] }),
      'another',
    );
    begin(spine.otherProcess('another'));
    await reaches(notification.notificationId, 'retrying');
    await spine.workflows.start(notification);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered', attempts: 2 });
    expect(receiver.requests).toHaveLength(2);
  });

  it('whose process is gone is made by the workflow once the claim has lapsed', async () => {
    const { notification } = await accept(await seed(spine.db, { url: receiver.url() }), 'gone');
    await spine.workflows.start(notification);
    await sleep(300);
    expect(receiver.requests).toHaveLength(0);
    await lapse(notification.notificationId);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(receiver.requests).toHaveLength(1);
  });

  it('that is stalled past its claim may deliver a second time, under the same id, and both attempts are recorded', async () => {
    let release: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => (release = resolve));
    receiver.answerWith([async () => (await stalled, { status: 200 }), 200]);
    const { notification, begin } = await accept(await seed(spine.db, { url: receiver.url() }), 'another');
    begin(spine.otherProcess('another'));
    await receiver.waitFor(1);
    await spine.workflows.start(notification);
    await lapse(notification.notificationId);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered' });
    release();
    await until(
      () => attemptsOf(spine.db, notification.notificationId),
      (attempts) => attempts.length === 2,
    );
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await find(notification.notificationId)).status).toBe('delivered');
  });

  it('is not made any more where its turn comes too late; the workflow attempts', async () => {
    const { notification } = await accept(await seed(spine.db, { url: receiver.url() }), mine());
    const accepted = headStartDelivery(eventFor({} as Seeded), notification)!;
    const claimedAt = performance.now() - 60_000;
    const workflowId = notificationWorkflowId(notification.notificationId);
    spine.headStarts.begin([{ ...notification, workflowId, claimedAt, accepted }]);
    expect(await spine.headStarts.outcomeOf(notification.notificationId)).toBeUndefined();
    expect(receiver.requests).toHaveLength(0);
    await spine.workflows.start(notification);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered', attempts: 1 });
  });

  it('leaves room for others where one receiver hangs', async () => {
    const hanging = await startReceiver();
    hanging.answerRaw(() => undefined);
    const slow = await seed(spine.db, { url: hanging.url(), timeoutSeconds: 1, retrySchedule: [] });
    for (let index = 0; index < 80; index++) (await accept(slow, mine())).begin(spine.headStarts);
    const { notification, begin } = await accept(await seed(spine.db, { url: receiver.url() }), mine());
    begin(spine.headStarts);
    await reaches(notification.notificationId, 'delivered');
    expect(hanging.requests.length).toBeLessThan(80);
    await hanging.close();
  });

  it.each([
    [200, 'delivered'],
    [500, 'cancelled'],
  ] as const)(
    'under way when its notification is cancelled, and answered %i, leaves it %s',
    async (status, becomes) => {
      receiver.answerWith(async () => (await sleep(300), { status }));
      const { notification, begin } = await accept(await seed(spine.db, { url: receiver.url() }), mine());
      begin(spine.headStarts);
      // One that is cancelled before its request is out is not sent at all.
      await receiver.waitFor(1);
      await cancelNotification(spine.db, notification.notificationId);
      await spine.workflows.start(notification);
      expect(await workflow(notification.notificationId).result()).toMatchObject({ status: becomes });
      expect((await find(notification.notificationId)).status).toBe(becomes);
    },
  );

  it('cancelled before its request is out is not sent', async () => {
    const { notification, begin } = await accept(await seed(spine.db, { url: receiver.url() }), mine());
    await cancelNotification(spine.db, notification.notificationId);
    begin(spine.headStarts);
    await spine.workflows.start(notification);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'cancelled', attempts: 0 });
    expect(receiver.requests).toHaveLength(0);
  });

  it('that failed and was asked for again is made anew at once', async () => {
    receiver.answerWith([500, 200]);
    const { notification, begin } = await accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [600] }),
      'another',
    );
    begin(spine.otherProcess('another'));
    await reaches(notification.notificationId, 'retrying');
    await spine.workflows.retry(notification);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered', attempts: 2 });
    const attempts = await attemptsOf(spine.db, notification.notificationId);
    expect(attempts.map(({ trigger }) => trigger)).toEqual(['scheduled', 'manual']);
  });

  it('that failed and that no workflow took over is found by the relay, which keeps to its time', async () => {
    receiver.answerWith([500, 200]);
    const { notification, begin } = await accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [2] }),
      'gone',
    );
    begin(spine.otherProcess('gone'));
    const { nextAttemptAt } = await reaches(notification.notificationId, 'retrying');
    await spine.db.query({
      text: "update notifications set reconcile_after = now() where id = $1 and reconcile_after < now() + interval '20 s'",
      values: [decodeId('ntf', notification.notificationId)],
    });
    const overdue = (await takeOverdue(spine.db, 100, 60)).filter(
      ({ notificationId }) => notificationId === notification.notificationId,
    );
    expect(overdue).toHaveLength(1);
    await spine.workflows.start(overdue[0]!);
    expect(await workflow(notification.notificationId).result()).toMatchObject({ attempts: 2 });
    expect(receiver.requests[1]!.at.getTime()).toBeGreaterThanOrEqual(nextAttemptAt!.getTime() - 50);
  });

  it('that delivered leaves nothing for the relay', async () => {
    const { notification, begin } = await accept(await seed(spine.db, { url: receiver.url() }), mine());
    begin(spine.headStarts);
    await reaches(notification.notificationId, 'delivered');
    const { rows } = await spine.db.query<{ reconcile_after: Date | null }>({
      text: 'select reconcile_after from notifications where id = $1',
      values: [decodeId('ntf', notification.notificationId)],
    });
    expect(rows[0]!.reconcile_after).toBeNull();
  });
});

describe('a burst', () => {
  async function burstOf(count: number, seeded: Seeded, processId: string, by?: HeadStarts) {
    const workflowId = BURST_PREFIX + newUuid();
    const accepted = [];
    for (let index = 0; index < count; index++) accepted.push(await accept(seeded, processId));
    if (by) for (const { begin } of accepted) begin(by, workflowId);
    const ids = accepted.map(({ notification }) => notification.notificationId);
    return { workflowId, ids, run: () => spine.workflows.runBurst(workflowId, ids) };
  }
  const result = (workflowId: string) => temporal.client.workflow.getHandle(workflowId).result() as Promise<unknown>;

  it('is one workflow for many deliveries, and the API can say which', async () => {
    const { workflowId, ids, run } = await burstOf(
      10,
      await seed(spine.db, { url: receiver.url() }),
      mine(),
      spine.headStarts,
    );
    await run();
    expect(await result(workflowId)).toEqual({ notifications: 10, handedOn: 0 });
    for (const id of ids) expect(await find(id)).toMatchObject({ status: 'delivered', workflowId });
    await expect(workflow(ids[0]!).describe()).rejects.toThrow();
  });

  it('gives each that failed a workflow of its own, which goes on with the ladder', async () => {
    receiver.answerWith([200, 500, 200, 500, 200]);
    const seeded = await seed(spine.db, { url: receiver.url(), retrySchedule: [1] });
    const { workflowId, ids, run } = await burstOf(4, seeded, mine(), spine.headStarts);
    await run();
    expect(await result(workflowId)).toEqual({ notifications: 4, handedOn: 2 });
    for (const id of ids) await reaches(id, 'delivered');
    const retried = (await Promise.all(ids.map(find))).filter(({ attemptCount }) => attemptCount === 2);
    expect(retried.map((one) => one.workflowId)).toEqual(retried.map(({ id }) => notificationWorkflowId(id)));
    expect(retried).toHaveLength(2);
  });

  it('closes the workflow of one that failed for good as Failed, so that Temporal shows it', async () => {
    receiver.answerWith(500);
    const { ids, run } = await burstOf(
      1,
      await seed(spine.db, { url: receiver.url(), retrySchedule: [] }),
      mine(),
      spine.headStarts,
    );
    await run();
    await expect(workflow(ids[0]!).result()).rejects.toThrow();
    expect((await workflow(ids[0]!).describe()).status.name).toBe('FAILED');
    expect(receiver.requests).toHaveLength(1);
  });

  it('of a process that died: what it delivered is left alone, the rest is attempted by the burst itself', async () => {
    const seeded = await seed(spine.db, { url: receiver.url() });
    const done = await burstOf(2, seeded, 'dying', spine.otherProcess('dying'));
    for (const id of done.ids) await reaches(id, 'delivered');
    const undone = await burstOf(3, seeded, 'dying');
    for (const id of undone.ids) await lapse(id);
    const workflowId = `${BURST_PREFIX}${newUuid()}`;
    await spine.workflows.runBurst(workflowId, [...done.ids, ...undone.ids]);
    expect(await result(workflowId)).toEqual({ notifications: 5, handedOn: 0 });
    for (const id of undone.ids) expect(await find(id)).toMatchObject({ status: 'delivered', workflowId });
    expect(receiver.requests).toHaveLength(5);
  });

  it('shares the places of all head starts: no receiver has more to answer at once for several of them', async () => {
    let [open, most] = [0, 0];
    receiver.answerWith(async () => {
      most = Math.max(most, ++open);
      await sleep(300);
      open -= 1;
      return { status: 200 };
    });
    const seeded = await seed(spine.db, { url: receiver.url() });
    const bursts = [];
    for (let index = 0; index < 3; index++) bursts.push(await burstOf(30, seeded, 'dying'));
    for (const { ids } of bursts) for (const id of ids) await lapse(id);
    await Promise.all(bursts.map(({ run }) => run()));
    for (const { workflowId } of bursts) expect(await result(workflowId)).toEqual({ notifications: 30, handedOn: 0 });
    expect(receiver.requests).toHaveLength(90);
    expect(most).toBeLessThanOrEqual(64);
  });

  it('gives those whose claim another process still holds a workflow of their own, which waits for it', async () => {
    const { ids, run } = await burstOf(2, await seed(spine.db, { url: receiver.url() }), 'another');
    await run();
    expect(receiver.requests).toHaveLength(0);
    for (const id of ids) await lapse(id);
    for (const id of ids) expect(await workflow(id).result()).toMatchObject({ status: 'delivered' });
    expect(receiver.requests).toHaveLength(2);
  });

  it('run twice starts nothing twice', async () => {
    receiver.answerWith(500);
    const { ids, run } = await burstOf(
      2,
      await seed(spine.db, { url: receiver.url(), retrySchedule: [] }),
      mine(),
      spine.headStarts,
    );
    await run();
    for (const id of ids) await expect(workflow(id).result()).rejects.toThrow();
    await spine.workflows.runBurst(`${BURST_PREFIX}${newUuid()}`, ids);
    for (const id of ids) expect((await attemptsOf(spine.db, id)).length).toBe(1);
    expect(receiver.requests).toHaveLength(2);
  });

  it('leaves a member alone that was cancelled, held, or asked for again meanwhile', async () => {
    receiver.answerWith(async () => (await sleep(300), { status: 500 }));
    const seeded = await seed(spine.db, { url: receiver.url(), retrySchedule: [] });
    const { ids, run } = await burstOf(2, seeded, mine(), spine.headStarts);
    const [cancelled, again] = ids as [string, string];
    await cancelNotification(spine.db, cancelled);
    const running = run();
    await reaches(again, 'failed');
    receiver.answerWith(200);
    const reopened = await reopenNotification(spine.db, again);
    await spine.workflows.retry(reopened!);
    await running;
    await reaches(again, 'delivered');
    expect((await find(cancelled)).status).toBe('cancelled');
    expect((await find(again)).attemptCount).toBe(2);
    await expect(workflow(cancelled).describe()).rejects.toThrow();
  });

  it('holds members whose subscription was disabled before their turn', async () => {
    const seeded = await seed(spine.db, { url: receiver.url() });
    const { ids, run } = await burstOf(3, seeded, 'dying');
    await spine.db.query({
      text: 'update subscriptions set enabled = false where id = $1',
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    for (const id of ids) await lapse(id);
    await run();
    for (const id of ids) await reaches(id, 'held');
    expect(receiver.requests).toHaveLength(0);
  });
});
