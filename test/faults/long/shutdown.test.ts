import { setTimeout as sleep } from 'node:timers/promises';
import { useCluster } from '../../support/cluster';
import { onboard } from '../../support/service';

/** More of shutdown.test.ts. */
const cluster = useCluster();

it('an attempt that ends within the grace period is recorded, and not made again', async () => {
  const { receiver } = cluster;
  const service = await cluster.start({ env: { SIGNPOST_SHUTDOWN_GRACE_SECONDS: '5' } });
  const customer = await onboard(service, receiver.url(), { timeoutSeconds: 60 });
  receiver.answerWith(async () => (await sleep(3000), { status: 200 }));
  const ids = await customer.post();
  await receiver.waitFor(1);
  expect(await service.stop()).toBe(0);
  expect(await cluster.statuses(ids)).toEqual(['delivered']);
  expect(receiver.requests).toHaveLength(1);
});
