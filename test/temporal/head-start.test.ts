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
import { takeOverdue } from '../../src/store/notifications/overdue';

/** First attempts that the accepting process makes while Temporal gets ready. */
const on = useFirstAttempts();

describe('a head start', () => {
  it('is claimed for the fast lane only, and only where no rate limit has a say', async () => {
    const claimed = async (options: { timeoutSeconds?: number; rateLimitPerSecond?: number; enabled?: boolean }) =>
      (await on.accept(await seed(on.spine.db, { url: on.receiver.url(), ...options }), on.mine())).notification
        .claimed;
    expect(await claimed({})).toBe(true);
    expect(await claimed({ timeoutSeconds: 60 })).toBe(false);
    expect(await claimed({ rateLimitPerSecond: 5 })).toBe(false);
    expect(await claimed({ enabled: false })).toBe(false);
  });

  it('delivers while the workflow is not even started, and the workflow then completes without an attempt of its own', async () => {
    const { notification, begin } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), on.mine());
    begin(on.spine.headStarts);
    await on.reaches(notification.notificationId, 'delivered');
    await on.spine.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('is awaited by its workflow while it is under way', async () => {
    on.receiver.answerWith(async () => (await sleep(300), { status: 200 }));
    const { notification, begin } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), on.mine());
    begin(on.spine.headStarts);
    await on.spine.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('that fails is the first step of the ladder that its workflow goes on with', async () => {
    on.receiver.answerWith([500, 200]);
    const { notification, begin } = await on.accept(
      await seed(on.spine.db, { url: on.receiver.url(), retrySchedule: [1, 1] }),
      on.mine(),
    );
    begin(on.spine.headStarts);
    await on.spine.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    expect(
      (await attemptsOf(on.spine.db, notification.notificationId)).map(({ number, status }) => [number, status]),
    ).toEqual([
      [1, 500],
      [2, 200],
    ]);
  });

  it('that fails for good closes its workflow as Failed', async () => {
    on.receiver.answerWith(500);
    const { notification, begin } = await on.accept(
      await seed(on.spine.db, { url: on.receiver.url(), retrySchedule: [] }),
      on.mine(),
    );
    begin(on.spine.headStarts);
    await on.spine.workflows.start(notification);
    await expect(on.workflow(notification.notificationId).result()).rejects.toThrow();
    expect((await on.workflow(notification.notificationId).describe()).status.name).toBe('FAILED');
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('of another process is waited for by the workflow, which sends nothing itself', async () => {
    on.receiver.answerWith(async () => (await sleep(500), { status: 200 }));
    const { notification, begin } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), 'another');
    begin(on.spine.otherProcess('another'));
    await on.spine.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('of another process that failed is handed over, and its next step is not skipped', async () => {
    on.receiver.answerWith([503, 200]);
    const { notification, begin } = await on.accept(
      await seed(on.spine.db, { url: on.receiver.url(), retrySchedule: [1] }),
      'another',
    );
    begin(on.spine.otherProcess('another'));
    await on.reaches(notification.notificationId, 'retrying');
    await on.spine.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    expect(on.receiver.requests).toHaveLength(2);
  });

  it('whose process is gone is made by the workflow once the claim has lapsed', async () => {
    const { notification } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), 'gone');
    await on.spine.workflows.start(notification);
    const lapsedAt = Date.now();
    await on.lapse(notification.notificationId);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
    expect(on.receiver.requests).toHaveLength(1);
    expect(on.receiver.requests[0]!.at.getTime()).toBeGreaterThanOrEqual(lapsedAt);
  });

  it('that is stalled past its claim may deliver a second time, under the same id, and both attempts are recorded', async () => {
    let release: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => (release = resolve));
    on.receiver.answerWith([async () => (await stalled, { status: 200 }), 200]);
    const { notification, begin } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), 'another');
    begin(on.spine.otherProcess('another'));
    await on.receiver.waitFor(1);
    await on.spine.workflows.start(notification);
    await on.lapse(notification.notificationId);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({ status: 'delivered' });
    release();
    await until(
      () => attemptsOf(on.spine.db, notification.notificationId),
      (attempts) => attempts.length === 2,
    );
    expect(new Set(on.receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await on.find(notification.notificationId)).status).toBe('delivered');
  });

  it('is not made any more where its turn comes too late; the workflow attempts', async () => {
    const { notification } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), on.mine());
    const accepted = headStartDelivery(eventFor({} as Seeded), notification)!;
    const claimedAt = performance.now() - 60_000;
    const workflowId = notificationWorkflowId(notification.notificationId);
    on.spine.headStarts.begin([{ ...notification, workflowId, claimedAt, accepted }]);
    expect(await on.spine.headStarts.outcomeOf(notification.notificationId)).toBeUndefined();
    expect(on.receiver.requests).toHaveLength(0);
    await on.spine.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 1,
    });
  });

  it('leaves room for others where one receiver hangs', async () => {
    const hanging = await startReceiver();
    hanging.answerRaw(() => undefined);
    const slow = await seed(on.spine.db, { url: hanging.url(), timeoutSeconds: 1, retrySchedule: [] });
    for (let index = 0; index < 80; index++) (await on.accept(slow, on.mine())).begin(on.spine.headStarts);
    const { notification, begin } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), on.mine());
    begin(on.spine.headStarts);
    await on.reaches(notification.notificationId, 'delivered');
    expect(hanging.requests.length).toBeLessThan(80);
    await hanging.close();
  });

  it.each([
    [200, 'delivered'],
    [500, 'cancelled'],
  ] as const)(
    'under way when its notification is cancelled, and answered %i, leaves it %s',
    async (status, becomes) => {
      on.receiver.answerWith(async () => (await sleep(300), { status }));
      const { notification, begin } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), on.mine());
      begin(on.spine.headStarts);
      // One that is cancelled before its request is out is not sent at all.
      await on.receiver.waitFor(1);
      await cancelNotification(on.spine.db, notification.notificationId);
      await on.spine.workflows.start(notification);
      expect(await on.workflow(notification.notificationId).result()).toMatchObject({ status: becomes });
      expect((await on.find(notification.notificationId)).status).toBe(becomes);
    },
  );

  it('cancelled before its request is out is not sent', async () => {
    const { notification, begin } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), on.mine());
    await cancelNotification(on.spine.db, notification.notificationId);
    begin(on.spine.headStarts);
    await on.spine.workflows.start(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'cancelled',
      attempts: 0,
    });
    expect(on.receiver.requests).toHaveLength(0);
  });

  it('that failed and was asked for again is made anew at once', async () => {
    on.receiver.answerWith([500, 200]);
    const { notification, begin } = await on.accept(
      await seed(on.spine.db, { url: on.receiver.url(), retrySchedule: [600] }),
      'another',
    );
    begin(on.spine.otherProcess('another'));
    await on.reaches(notification.notificationId, 'retrying');
    await on.spine.workflows.retry(notification);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    const attempts = await attemptsOf(on.spine.db, notification.notificationId);
    expect(attempts.map(({ trigger }) => trigger)).toEqual(['scheduled', 'manual']);
  });

  it('that failed and that no workflow took over is found by the relay, which keeps to its time', async () => {
    on.receiver.answerWith([500, 200]);
    const { notification, begin } = await on.accept(
      await seed(on.spine.db, { url: on.receiver.url(), retrySchedule: [2] }),
      'gone',
    );
    begin(on.spine.otherProcess('gone'));
    const { nextAttemptAt } = await on.reaches(notification.notificationId, 'retrying');
    await on.spine.db.query({
      text: "update notifications set reconcile_after = now() where id = $1 and reconcile_after < now() + interval '20 s'",
      values: [decodeId('ntf', notification.notificationId)],
    });
    const overdue = (await takeOverdue(on.spine.db, 100, 60)).filter(
      ({ notificationId }) => notificationId === notification.notificationId,
    );
    expect(overdue).toHaveLength(1);
    await on.spine.workflows.start(overdue[0]!);
    expect(await on.workflow(notification.notificationId).result()).toMatchObject({ attempts: 2 });
    expect(on.receiver.requests[1]!.at.getTime()).toBeGreaterThanOrEqual(nextAttemptAt!.getTime() - 50);
  });

  it('that delivered leaves nothing for the relay', async () => {
    const { notification, begin } = await on.accept(await seed(on.spine.db, { url: on.receiver.url() }), on.mine());
    begin(on.spine.headStarts);
    await on.reaches(notification.notificationId, 'delivered');
    const { rows } = await on.spine.db.query<{ reconcile_after: Date | null }>({
      text: 'select reconcile_after from notifications where id = $1',
      values: [decodeId('ntf', notification.notificationId)],
    });
    expect(rows[0]!.reconcile_after).toBeNull();
  });
});
