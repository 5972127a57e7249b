import { useCluster } from '../../support/cluster';
import { ANSWER_MS, useHangingTemporal, withinMs } from '../../support/hanging-temporal';
import { onboard } from '../../support/service';
import { until } from '../../support/until';

/** More of temporal-hangs.test.ts. */
const cluster = useCluster();
const temporal = useHangingTemporal(cluster);

jest.setTimeout(180_000);

it('a retry that is asked for during the last attempt, while Temporal hangs, begins a new ladder', async () => {
  const { receiver } = cluster;
  const service = await cluster.start({ temporalAddress: temporal.address });
  const customer = await onboard(service, receiver.url(), { retrySchedule: [] });
  let answer: () => void = () => undefined;
  receiver.answerWith([() => new Promise((resolve) => (answer = () => resolve({ status: 500 }))), 200]);
  temporal.hang();
  // The process that accepts makes the first attempt without Temporal.
  const ids = await customer.post();
  await receiver.waitFor(1);
  await withinMs(ANSWER_MS, service.must('POST', `/v1/notifications/${ids[0]}/retry`, {}));
  answer();
  await until(
    () => cluster.statuses(ids),
    ([status]) => status === 'failed',
  );
  await temporal.comeBack();
  await cluster.reach(ids, 'delivered');
  expect(receiver.requests).toHaveLength(2);
  await cluster.expectAgreement(ids);
});
