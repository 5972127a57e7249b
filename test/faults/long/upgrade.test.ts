import { setTimeout as sleep } from 'node:timers/promises';
import { useCluster } from '../../support/cluster';
import { ofBuild, setCurrent } from '../../support/deployment';
import { onboard } from '../../support/service';
import { until } from '../../support/until';

/** More of upgrade.test.ts. */
const cluster = useCluster();

const startWorker = (buildId: string) => cluster.start({ env: { ...ofBuild(buildId), SIGNPOST_ROLE: 'worker' } });

it('a current version without workers shows in the metrics, and its first worker delivers what waited', async () => {
  const { receiver } = cluster;
  const first = await startWorker('1');
  await setCurrent(cluster.temporal.address, '1');
  await setCurrent(cluster.temporal.address, '3', '--allow-no-pollers', '--ignore-missing-task-queues');
  const metrics = async () =>
    (await (await fetch(`${first.url}/metrics`)).text()).match(/^signpost_deployment_(current|workers) \d$/gm);
  await until(metrics, (lines) => lines?.join() === 'signpost_deployment_current 0,signpost_deployment_workers 0');
  const api = await cluster.start({ env: { ...ofBuild('1'), SIGNPOST_ROLE: 'api' } });
  // The slow lane has no head starts.
  const [waiting] = await (await onboard(api, receiver.url(), { timeoutSeconds: 60 })).post();
  await sleep(2000);
  expect(receiver.requests).toHaveLength(0);
  await startWorker('3');
  await cluster.reach([waiting!], 'delivered');
});
