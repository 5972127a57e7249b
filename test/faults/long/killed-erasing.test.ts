import { useCluster } from '../../support/cluster';
import { onboard } from '../../support/service';
import { until } from '../../support/until';

/** A process killed with SIGKILL while it erases a customer. */
const cluster = useCluster();

it('killed during an erasure: the next process finishes it, and delivers nothing to the customer', async () => {
  const { receiver, database } = cluster;
  receiver.answerWith(500);
  const first = await cluster.start();
  const customer = await onboard(first, receiver.url(), { retrySchedule: [3600] });
  const ids = [...(await customer.post()), ...(await customer.post())];
  await cluster.reach(ids, 'retrying');
  const { id } = await first.must('DELETE', `/v1/customers/${customer.customerId}`);
  await until(
    () => first.must('GET', `/v1/erasures/${id}`),
    ({ phase }) => phase !== 'cancelling',
  );
  await first.kill9();
  const requests = receiver.requests.length;
  const second = await cluster.start();
  const receipt = await until(
    () => second.must('GET', `/v1/erasures/${id}`),
    ({ status }) => status === 'completed',
    150_000,
  );
  expect(receipt.counts).toMatchObject({ notifications: 2, events: 2, subscriptions: 1 });
  expect(receiver.requests.length).toBe(requests);
  const { rows } = await database.db.query({
    text: 'select from customers where id = $1',
    values: [customer.customerId],
  });
  expect(rows).toEqual([]);
}, 240_000);
