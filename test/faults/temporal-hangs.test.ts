import { useCluster } from '../support/cluster';
import { ANSWER_MS, useHangingTemporal, withinMs } from '../support/hanging-temporal';
import { onboard } from '../support/service';
import { until } from '../support/until';
import { variants } from '../support/variants';

/**
 * Temporal accepts connections and answers nothing. What people ask for meanwhile is answered, and
 * takes effect when Temporal is back. More is in long/temporal-hangs.test.ts.
 */
const cluster = useCluster();
const temporal = useHangingTemporal(cluster);

jest.setTimeout(180_000);

/** Many retries take some seconds of their own. One after the other, they would take minutes. */
const BULK_ANSWER_MS = 60_000;

it.each(variants(60, 200))(
  'answers %i retries and a cancellation within seconds while Temporal hangs, and they take effect afterwards',
  async (count) => {
    const { receiver } = cluster;
    const service = await cluster.start({ temporalAddress: temporal.address });
    receiver.answerWith(500);
    const failing = await onboard(service, receiver.url(), { retrySchedule: [] });
    const failed = (await Promise.all(Array.from({ length: count }, () => failing.post()))).flat();
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
    expect(bulk.results.filter((result: { retried: boolean }) => result.retried)).toHaveLength(count);
    await withinMs(ANSWER_MS, service.must('POST', `/v1/notifications/${retried[0]}/retry`, {}));
    const answer = await withinMs(ANSWER_MS, service.must('POST', `/v1/notifications/${cancelled[0]}/cancel`, {}));
    expect(answer.status).toBe('cancelled');
    await temporal.comeBack();
    await cluster.reach([...failed, ...retried], 'delivered');
    await cluster.reach(cancelled, 'cancelled');
    // One attempt before, and one after, each.
    expect(receiver.requests).toHaveLength(count * 2 + 2 + 1);
  },
);
