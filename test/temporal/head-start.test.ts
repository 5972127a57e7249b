import { setTimeout as sleep } from 'node:timers/promises';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import { headStartDelivery } from '../../src/store/accept';
import { attemptsOf } from '../../src/store/attempts';
import { cancelNotification } from '../../src/store/deliveries';
import { takeOverdue } from '../../src/store/notifications';
import { firstAttemptsOn } from '../support/first-attempts';
import { startReceiver, type Receiver } from '../support/receiver';
import { eventFor, seed, type Seeded } from '../support/seed';
import { startSpine, type Spine } from '../support/spine';
import { connectTestTemporal } from '../support/temporal';
import { until } from '../support/until';

/** First attempts that the accepting process makes while Temporal gets ready. */
let temporal: Awaited<ReturnType<typeof connectTestTemporal>>;
let spine: Spine;
let steps: ReturnType<typeof firstAttemptsOn>;
let receiver: Receiver;

beforeAll(async () => {
  temporal = await connectTestTemporal();
  spine = await startSpine(temporal);
  steps = firstAttemptsOn(spine);
});
afterAll(async () => {
  await spine?.stop();
  await temporal?.close();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const mine = () => spine.headStarts.processId;

describe('a head start', () => {
  it('is claimed for the fast lane only, and only where no rate limit has a say', async () => {
    const claimed = async (options: { timeoutSeconds?: number; rateLimitPerSecond?: number; enabled?: boolean }) =>
      (await steps.accept(await seed(spine.db, { url: receiver.url(), ...options }), mine())).notification.claimed;
    expect(await claimed({})).toBe(true);
    expect(await claimed({ timeoutSeconds: 60 })).toBe(false);
    expect(await claimed({ rateLimitPerSecond: 5 })).toBe(false);
    expect(await claimed({ enabled: false })).toBe(false);
  });

  it('delivers while the workflow is not even started, and the workflow then completes without an attempt of its own', async () => {
    const { notification, begin } = await steps.accept(await seed(spine.db, { url: receiver.url() }), mine());
    begin(spine.headStarts);
    await steps.reaches(notification.notificationId, 'delivered');
    await spine.workflows.start(notification);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(receiver.requests).toHaveLength(1);
  });

  it('is awaited by its workflow while it is under way', async () => {
    receiver.answerWith(async () => (await sleep(300), { status: 200 }));
    const { notification, begin } = await steps.accept(await seed(spine.db, { url: receiver.url() }), mine());
    begin(spine.headStarts);
    await spine.workflows.start(notification);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(receiver.requests).toHaveLength(1);
  });

  it('that fails is the first step of the ladder that its workflow goes on with', async () => {
    receiver.answerWith([500, 200]);
    const { notification, begin } = await steps.accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [1, 1] }),
      mine(),
    );
    begin(spine.headStarts);
    await spine.workflows.start(notification);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    expect(
      (await attemptsOf(spine.db, notification.notificationId)).map(({ number, status }) => [number, status]),
    ).toEqual([
      [1, 500],
      [2, 200],
    ]);
  });

  it('that fails for good closes its workflow as Failed', async () => {
    receiver.answerWith(500);
    const { notification, begin } = await steps.accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [] }),
      mine(),
    );
    begin(spine.headStarts);
    await spine.workflows.start(notification);
    await expect(steps.workflow(notification.notificationId).result()).rejects.toThrow();
    expect((await steps.workflow(notification.notificationId).describe()).status.name).toBe('FAILED');
    expect(receiver.requests).toHaveLength(1);
  });

  it('of another process is waited for by the workflow, which sends nothing itself', async () => {
    receiver.answerWith(async () => (await sleep(500), { status: 200 }));
    const { notification, begin } = await steps.accept(await seed(spine.db, { url: receiver.url() }), 'another');
    begin(spine.otherProcess('another'));
    await spine.workflows.start(notification);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(receiver.requests).toHaveLength(1);
  });

  it('of another process that failed is handed over, and its next step is not skipped', async () => {
    receiver.answerWith([503, 200]);
    const { notification, begin } = await steps.accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [1] }),
      'another',
    );
    begin(spine.otherProcess('another'));
    await steps.reaches(notification.notificationId, 'retrying');
    await spine.workflows.start(notification);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    expect(receiver.requests).toHaveLength(2);
  });

  it('whose process is gone is made by the workflow once the claim has lapsed', async () => {
    const { notification } = await steps.accept(await seed(spine.db, { url: receiver.url() }), 'gone');
    await spine.workflows.start(notification);
    await sleep(300);
    expect(receiver.requests).toHaveLength(0);
    await steps.lapse(notification.notificationId);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(receiver.requests).toHaveLength(1);
  });

  it('that is stalled past its claim may deliver a second time, under the same id, and both attempts are recorded', async () => {
    let release: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => (release = resolve));
    receiver.answerWith([async () => (await stalled, { status: 200 }), 200]);
    const { notification, begin } = await steps.accept(await seed(spine.db, { url: receiver.url() }), 'another');
    begin(spine.otherProcess('another'));
    await receiver.waitFor(1);
    await spine.workflows.start(notification);
    await steps.lapse(notification.notificationId);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered' });
    release();
    await until(
      () => attemptsOf(spine.db, notification.notificationId),
      (attempts) => attempts.length === 2,
    );
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await steps.find(notification.notificationId)).status).toBe('delivered');
  });

  it('is not made any more where its turn comes too late; the workflow attempts', async () => {
    const { notification } = await steps.accept(await seed(spine.db, { url: receiver.url() }), mine());
    const accepted = headStartDelivery(eventFor({} as Seeded), notification)!;
    const claimedAt = performance.now() - 60_000;
    const workflowId = notificationWorkflowId(notification.notificationId);
    spine.headStarts.begin([{ ...notification, workflowId, claimedAt, accepted }]);
    expect(await spine.headStarts.outcomeOf(notification.notificationId)).toBeUndefined();
    expect(receiver.requests).toHaveLength(0);
    await spine.workflows.start(notification);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
  });

  it('leaves room for others where one receiver hangs', async () => {
    const hanging = await startReceiver();
    hanging.answerRaw(() => undefined);
    const slow = await seed(spine.db, { url: hanging.url(), timeoutSeconds: 1, retrySchedule: [] });
    for (let index = 0; index < 80; index++) (await steps.accept(slow, mine())).begin(spine.headStarts);
    const { notification, begin } = await steps.accept(await seed(spine.db, { url: receiver.url() }), mine());
    begin(spine.headStarts);
    await steps.reaches(notification.notificationId, 'delivered');
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
      const { notification, begin } = await steps.accept(await seed(spine.db, { url: receiver.url() }), mine());
      begin(spine.headStarts);
      // One that is cancelled before its request is out is not sent at all.
      await receiver.waitFor(1);
      await cancelNotification(spine.db, notification.notificationId);
      await spine.workflows.start(notification);
      expect(await steps.workflow(notification.notificationId).result()).toMatchObject({ status: becomes });
      expect((await steps.find(notification.notificationId)).status).toBe(becomes);
    },
  );

  it('cancelled before its request is out is not sent', async () => {
    const { notification, begin } = await steps.accept(await seed(spine.db, { url: receiver.url() }), mine());
    await cancelNotification(spine.db, notification.notificationId);
    begin(spine.headStarts);
    await spine.workflows.start(notification);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'cancelled',
      attempts: 0,
    });
    expect(receiver.requests).toHaveLength(0);
  });

  it('that failed and was asked for again is made anew at once', async () => {
    receiver.answerWith([500, 200]);
    const { notification, begin } = await steps.accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [600] }),
      'another',
    );
    begin(spine.otherProcess('another'));
    await steps.reaches(notification.notificationId, 'retrying');
    await spine.workflows.retry(notification);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    const attempts = await attemptsOf(spine.db, notification.notificationId);
    expect(attempts.map(({ trigger }) => trigger)).toEqual(['scheduled', 'manual']);
  });

  it('that failed and that no workflow took over is found by the relay, which keeps to its time', async () => {
    receiver.answerWith([500, 200]);
    const { notification, begin } = await steps.accept(
      await seed(spine.db, { url: receiver.url(), retrySchedule: [2] }),
      'gone',
    );
    begin(spine.otherProcess('gone'));
    const { nextAttemptAt } = await steps.reaches(notification.notificationId, 'retrying');
    await spine.db.query({
      text: "update notifications set reconcile_after = now() where id = $1 and reconcile_after < now() + interval '20 s'",
      values: [decodeId('ntf', notification.notificationId)],
    });
    const overdue = (await takeOverdue(spine.db, 100, 60)).filter(
      ({ notificationId }) => notificationId === notification.notificationId,
    );
    expect(overdue).toHaveLength(1);
    await spine.workflows.start(overdue[0]!);
    expect(await steps.workflow(notification.notificationId).result()).toMatchObject({ attempts: 2 });
    expect(receiver.requests[1]!.at.getTime()).toBeGreaterThanOrEqual(nextAttemptAt!.getTime() - 50);
  });

  it('that delivered leaves nothing for the relay', async () => {
    const { notification, begin } = await steps.accept(await seed(spine.db, { url: receiver.url() }), mine());
    begin(spine.headStarts);
    await steps.reaches(notification.notificationId, 'delivered');
    const { rows } = await spine.db.query<{ reconcile_after: Date | null }>({
      text: 'select reconcile_after from notifications where id = $1',
      values: [decodeId('ntf', notification.notificationId)],
    });
    expect(rows[0]!.reconcile_after).toBeNull();
  });
});
