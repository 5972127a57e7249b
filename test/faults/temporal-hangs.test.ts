import { useCluster } from '../support/cluster';
import { ANSWER_MS, useHangingTemporal, withinMs } from '../support/hanging-temporal';
import { onboard } from '../support/service';
import { until } from '../support/until';

/**
 * Temporal accepts connections and answers nothing. What people ask for meanwhile is answered, and
 * takes effect when Temporal is back. More is in long/temporal-hangs.test.ts.
 */
const cluster = useCluster();
const temporal = useHangingTemporal(cluster);

jest.setTimeout(180_000);

/** 200 retries take some seconds of their own. One after the other, they would take minutes. */
const BULK_ANSWER_MS = 60_000;

it('answers retries and cancellations within seconds while Temporal hangs, and they take effect afterwards', async () => {
  const { receiver } = cluster;
  const service = await cluster.start({ temporalAddress: temporal.address });
  receiver.answerWith(500);
  const failing = await onboard(service, receiver.url(), { retrySchedule: [] });
  const failed = (await Promise.all(Array.from({ length: 200 }, () => failing.post()))).flat();
  await cluster.reach(failed, 'failed');
  // Their workflows have taken them over.
  await until(
    () => cluster.database.db.query({ text: 'select from notifications where reconcile_after is not null' }),
    ({ rowCount }) => rowCount === 0,
    60_000,
  );
  const waiting = await onboard(service, receiver.url(), { retrySchedule: [3600] });
  const [retried, cancelled] = [await waiting.post(), await waiting.post()];
  await cluster.reach([...retried, ...cancelled], 'retrying');
  temporal.hang();
  receiver.answerWith(200);
  const bulk = await withinMs(BULK_ANSWER_MS, service.must('POST', '/v1/notifications/retry', { ids: failed }));
  expect(bulk.results.filter((result: { retried: boolean }) => result.retried)).toHaveLength(200);
  await withinMs(ANSWER_MS, service.must('POST', `/v1/notifications/${retried[0]}/retry`, {}));
  const answer = await withinMs(ANSWER_MS, service.must('POST', `/v1/notifications/${cancelled[0]}/cancel`, {}));
  expect(answer.status).toBe('cancelled');
  await temporal.comeBack();
  await cluster.reach([...failed, ...retried], 'delivered');
  await cluster.reach(cancelled, 'cancelled');
  // One attempt before, and one after, each.
  expect(receiver.requests).toHaveLength(200 * 2 + 2 + 1);
});
