import { setTimeout as sleep } from 'node:timers/promises';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { useFirstAttempts } from '../support/first-attempts';
import { startReceiver } from '../support/receiver';
import { eventFor, seed, type Seeded } from '../support/seed';
import { until } from '../support/until';
import { cancelNotification } from '../../src/store/notifications/transitions';
import { headStartDelivery } from '../../src/domain/head-start';
import { OverdueSweep } from '../../src/store/notifications/overdue';

/** First attempts, made by the accepting process while Temporal starts the workflow. */
const on = useFirstAttempts();

describe('head start', () => {
  it('accept claims head starts only in the fast lane, without a rate limit, for an enabled subscription', async () => {
    const claimed = async (options: { timeoutSeconds?: number; rateLimitPerSecond?: number; enabled?: boolean }) =>
      (await on.accept(await seed(on.pipeline.db, { url: on.receiver.url(), ...options }), on.mine())).notification
        .claimed;
    expect(await claimed({})).toBe(true);
    expect(await claimed({ timeoutSeconds: 60 })).toBe(false);
    expect(await claimed({ rateLimitPerSecond: 5 })).toBe(false);
    expect(await claimed({ enabled: false })).toBe(false);
  });

  it('a head start delivers before the workflow starts, and the workflow completes without an attempt', async () => {
    const { notification, begin } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), on.mine());
    begin(on.pipeline.headStarts);
    await on.reaches(notification.notificationId, 'delivered');
    await on.pipeline.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('a workflow waits for the head start in flight', async () => {
    on.receiver.answerWith(async () => (await sleep(300), { status: 200 }));
    const { notification, begin } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), on.mine());
    begin(on.pipeline.headStarts);
    await on.pipeline.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('a failed head start is the first step of the ladder that its workflow continues', async () => {
    on.receiver.answerWith([500, 200]);
    const { notification, begin } = await on.accept(
      await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1, 1] }),
      on.mine(),
    );
    begin(on.pipeline.headStarts);
    await on.pipeline.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    expect(
      (await attemptsOf(on.pipeline.db, notification.notificationId)).map(({ number, status }) => [number, status]),
    ).toEqual([
      [1, 500],
      [2, 200],
    ]);
  });

  it('a failed head start with an empty retry schedule closes its workflow as Failed', async () => {
    on.receiver.answerWith(500);
    const { notification, begin } = await on.accept(
      await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [] }),
      on.mine(),
    );
    begin(on.pipeline.headStarts);
    await on.pipeline.workflows.start(notification);
    await expect(on.workflow(notification.notificationId).result()).rejects.toThrow();
    expect((await on.workflow(notification.notificationId).describe()).status.name).toBe('FAILED');
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('a workflow waits for the head start of another process and sends nothing itself', async () => {
    on.receiver.answerWith(async () => (await sleep(500), { status: 200 }));
    const { notification, begin } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), 'another');
    begin(on.pipeline.otherProcess('another'));
    await on.pipeline.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('a failed head start of another process is handed over, and the workflow makes the next step', async () => {
    on.receiver.answerWith([503, 200]);
    const { notification, begin } = await on.accept(
      await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1] }),
      'another',
    );
    begin(on.pipeline.otherProcess('another'));
    await on.reaches(notification.notificationId, 'retrying');
    await on.pipeline.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    expect(on.receiver.requests).toHaveLength(2);
  });

  it('a workflow makes the attempt after the claim of a lost process has lapsed', async () => {
    const { notification } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), 'gone');
    await on.pipeline.workflows.start(notification);
    const lapsedAt = Date.now();
    await on.lapse(notification.notificationId);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(on.receiver.requests).toHaveLength(1);
    expect(on.receiver.requests[0]!.at.getTime()).toBeGreaterThanOrEqual(lapsedAt);
  });

  it('a head start stalled past its claim may deliver twice, with the same webhook-id, and both attempts are recorded', async () => {
    let release: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => (release = resolve));
    on.receiver.answerWith([async () => (await stalled, { status: 200 }), 200]);
    const { notification, begin } = await on.accept(
      await seed(on.pipeline.db, { url: on.receiver.url(), timeoutSeconds: 15 }),
      'another',
    );
    begin(on.pipeline.otherProcess('another'));
    await on.receiver.waitFor(1);
    await on.pipeline.workflows.start(notification);
    await on.lapse(notification.notificationId);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered' });
    release();
    await until(
      () => attemptsOf(on.pipeline.db, notification.notificationId),
      (attempts) => attempts.length === 2,
    );
    expect(new Set(on.receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await on.find(notification.notificationId)).status).toBe('delivered');
  });

  it('a head start that waited too long is skipped, and the workflow makes the attempt', async () => {
    const { notification } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), on.mine());
    const accepted = headStartDelivery(eventFor({} as Seeded), notification)!;
    const claimedAt = performance.now() - 60_000;
    const workflowId = notificationWorkflowId(notification.notificationId);
    on.pipeline.headStarts.begin([{ ...notification, workflowId, claimedAt, accepted }]);
    expect(await on.pipeline.headStarts.outcomeOf(notification.notificationId)).toBeUndefined();
    expect(on.receiver.requests).toHaveLength(0);
    await on.pipeline.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
  });

  it('head starts to a hanging receiver leave slots for others', async () => {
    const hanging = await startReceiver();
    hanging.answerRaw(() => undefined);
    const slow = await seed(on.pipeline.db, { url: hanging.url(), timeoutSeconds: 15, retrySchedule: [] });
    for (let index = 0; index < 80; index++) (await on.accept(slow, on.mine())).begin(on.pipeline.headStarts);
    const { notification, begin } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), on.mine());
    begin(on.pipeline.headStarts);
    await on.reaches(notification.notificationId, 'delivered');
    expect(hanging.requests.length).toBeLessThan(80);
    await hanging.close();
  });

  it.each([
    [200, 'delivered'],
    [500, 'cancelled'],
  ] as const)(
    'a head start in flight at a cancellation, answered with %i, leaves the notification %s',
    async (status, becomes) => {
      let answer: () => void = () => undefined;
      on.receiver.answerWith(() => new Promise((resolve) => (answer = () => resolve({ status }))));
      const { notification, begin } = await on.accept(
        await seed(on.pipeline.db, { url: on.receiver.url(), timeoutSeconds: 15 }),
        on.mine(),
      );
      begin(on.pipeline.headStarts);
      // A notification cancelled before its request goes out is not sent at all.
      await on.receiver.waitFor(1);
      await cancelNotification(on.pipeline.db, notification.notificationId);
      answer();
      await on.pipeline.workflows.start(notification);
      expect(await on.workflow(notification.notificationId).result()).toMatchObject({ status: becomes });
      expect((await on.find(notification.notificationId)).status).toBe(becomes);
    },
  );

  it('a head start is not sent if the notification was cancelled before', async () => {
    const { notification, begin } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), on.mine());
    await cancelNotification(on.pipeline.db, notification.notificationId);
    begin(on.pipeline.headStarts);
    await on.pipeline.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'cancelled',
      attempts: 0,
    });
    expect(on.receiver.requests).toHaveLength(0);
  });

  it('a manual retry after a failed head start is made immediately', async () => {
    on.receiver.answerWith([500, 200]);
    const { notification, begin } = await on.accept(
      await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [600] }),
      'another',
    );
    begin(on.pipeline.otherProcess('another'));
    await on.reaches(notification.notificationId, 'retrying');
    await on.pipeline.workflows.retry(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    const attempts = await attemptsOf(on.pipeline.db, notification.notificationId);
    expect(attempts.map(({ trigger }) => trigger)).toEqual(['scheduled', 'manual']);
  });

  it('a failed head start without a workflow is overdue for the reconciler, which keeps the time of the retry', async () => {
    on.receiver.answerWith([500, 200]);
    const { notification, begin } = await on.accept(
      await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [2] }),
      'gone',
    );
    begin(on.pipeline.otherProcess('gone'));
    const { nextAttemptAt } = await on.reaches(notification.notificationId, 'retrying');
    await on.pipeline.db.query({
      text: "update notifications set reconcile_after = now() where id = $1 and reconcile_after < now() + interval '20 s'",
      values: [decodeId('ntf', notification.notificationId)],
    });
    const overdue = (await new OverdueSweep(on.pipeline.db).take(100, 60)).filter(
      ({ notificationId }) => notificationId === notification.notificationId,
    );
    expect(overdue).toHaveLength(1);
    await on.pipeline.workflows.start(overdue[0]!);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({ attempts: 2 });
    expect(on.receiver.requests[1]!.at.getTime()).toBeGreaterThanOrEqual(nextAttemptAt!.getTime() - 50);
  });

  it('a delivered head start leaves nothing for the reconciler', async () => {
    const { notification, begin } = await on.accept(await seed(on.pipeline.db, { url: on.receiver.url() }), on.mine());
    begin(on.pipeline.headStarts);
    await on.reaches(notification.notificationId, 'delivered');
    const { rows } = await on.pipeline.db.query<{ reconcile_after: Date | null }>({
      text: 'select reconcile_after from notifications where id = $1',
      values: [decodeId('ntf', notification.notificationId)],
    });
    expect(rows[0]!.reconcile_after).toBeNull();
  });
});
