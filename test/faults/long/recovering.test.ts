import { Client, Connection } from '@temporalio/client';
import { recoveryWorkflowId } from '../../../src/domain/recovery';
import { useCluster } from '../../support/cluster';
import { eventIds, recoveriesOn } from '../../support/recoveries';

/** More of recovering.test.ts. */
const cluster = useCluster();
const { failing, recover, ended, received } = recoveriesOn(cluster);

it('a recovery cancelled midway delivers what was retried and leaves the rest failed', async () => {
  const service = await cluster.start();
  const { ids, subscriptionId } = await failing(service, 12);
  const id = await recover(service, subscriptionId, 1);
  await cluster.receiver.waitFor(3);
  await service.call('POST', `/v1/recoveries/${id}/cancel`, {});
  const { status, retried } = await ended(service, id);
  expect(status).toBe('cancelled');
  expect(retried).toBeLessThan(12);
  await cluster.reach(ids.slice(0, retried), 'delivered');
  expect(await cluster.statuses(ids.slice(retried))).toEqual(ids.slice(retried).map(() => 'failed'));
  expect(received()).toEqual(eventIds(retried));
});

it('a recovery requested while Temporal is down is accepted, and runs later', async () => {
  const first = await cluster.start();
  const { ids, subscriptionId } = await failing(first, 3);
  await first.kill9();
  const away = await cluster.start({ temporalAddress: '127.0.0.1:9', withoutReady: true });
  const id = await recover(away, subscriptionId, 100);
  await away.kill9();
  await cluster.database.db.query({ text: "update recoveries set progressed_at = now() - interval '1 hour'" });
  const back = await cluster.start();
  expect(await ended(back, id)).toMatchObject({ status: 'completed', retried: 3 });
  await cluster.reach(ids, 'delivered');
});

it('a recovery terminated by an operator is cancelled and not started again', async () => {
  const service = await cluster.start();
  const { subscriptionId } = await failing(service, 3);
  const id = await recover(service, subscriptionId, 0.1);
  await cluster.receiver.waitFor(1);
  const connection = await Connection.connect({ address: cluster.temporal.address });
  await new Client({ connection }).workflow.getHandle(recoveryWorkflowId(id)).terminate();
  await connection.close();
  await cluster.database.db.query({ text: "update recoveries set progressed_at = now() - interval '1 hour'" });
  expect(await ended(service, id)).toMatchObject({ status: 'cancelled', retried: 1 });
});
