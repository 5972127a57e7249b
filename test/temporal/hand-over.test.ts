import { attemptsOf } from '../../src/store/notifications/attempts';
import { reopenNotification } from '../../src/store/notifications/reopen';
import { useFirstAttempts } from '../support/first-attempts';
import { testReconciler } from '../support/reconciler';
import { notificationRow } from '../support/rows';
import { seed } from '../support/seed';
import { until } from '../support/until';

/**
 * A head start that failed is its workflow's from then on: the reconciler must not begin its ladder
 * a second time.
 */
const on = useFirstAttempts();

const sweepAll = () => testReconciler(on.pipeline).sweepAll();
const row = (id: string) => notificationRow(on.pipeline.db, id);
const closed = (id: string) =>
  until(
    () => on.workflow(id).describe(),
    ({ status }) => status.name !== 'RUNNING',
  );

describe.each([
  ['this process', () => on.mine()],
  ['another process', () => 'another'],
])('a head start of %s', (_, processId) => {
  async function failedHeadStart(retrySchedule: number[]) {
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule });
    const { notification, begin } = await on.accept(seeded, processId());
    begin(processId() === on.mine() ? on.pipeline.headStarts : on.pipeline.otherProcess(processId()));
    await on.reaches(notification.notificationId, retrySchedule.length === 0 ? 'failed' : 'retrying');
    return notification;
  }

  it.each([500, 410])(
    'that failed for good with HTTP %i is closed by its workflow, and never sent again',
    async (status) => {
      on.receiver.answerWith(status);
      const notification = await failedHeadStart([]);
      const { notificationId: id } = notification;
      await on.pipeline.workflows.start(notification);
      expect((await closed(id)).status.name).toBe('FAILED');
      const { runId } = await on.workflow(id).describe();
      expect((await row(id)).reconcile_after).toBeNull();
      await sweepAll();
      expect(await on.find(id)).toMatchObject({ status: 'failed', attemptCount: 1 });
      expect((await on.workflow(id).describe()).runId).toBe(runId);
      expect(on.receiver.requests).toHaveLength(1);
    },
  );

  it('that failed is known by the name that its workflow gives the attempt', async () => {
    on.receiver.answerWith(500);
    const notification = await failedHeadStart([600]);
    const { notificationId: id } = notification;
    expect((await row(id)).last_attempt_key).toMatch(/^head:/);
    await on.pipeline.workflows.start(notification);
    const { runId } = await on.workflow(id).describe();
    await until(
      () => row(id),
      ({ last_attempt_key: key }) => key === `${runId}:1`,
    );
    await on.workflow(id).terminate();
  });
});

describe('a notification that was opened again after an operator had terminated its workflow', () => {
  it('is started by the reconciler, should the signal be lost', async () => {
    on.receiver.answerWith([500, 200]);
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [600] });
    const { notification } = await on.accept(seeded, on.mine());
    const { notificationId: id } = notification;
    await on.pipeline.workflows.start(notification);
    await on.reaches(id, 'retrying');
    await on.workflow(id).terminate('by an operator');
    await closed(id);
    await sweepAll();
    await on.reaches(id, 'cancelled');
    await reopenNotification(on.pipeline.db, id);
    await sweepAll();
    await on.reaches(id, 'delivered');
    expect(await attemptsOf(on.pipeline.db, id)).toHaveLength(2);
  });
});
