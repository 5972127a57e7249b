import { useCluster } from '../../support/cluster';
import { onboard } from '../../support/service';
import { useVictim } from '../../support/victim';

/**
 * More steps at which a process is killed. Temporal gives their activities to another process after
 * the heartbeat timeout of 30 s.
 */
const cluster = useCluster();
const victim = useVictim(cluster);

jest.setTimeout(300_000);

it.each(['slow', 'fast'])(
  'killed before the record of a retry in the %s lane: the attempt is repeated, and no other',
  async (lane) => {
    const { receiver } = cluster;
    const service = await victim.start();
    const timeoutSeconds = lane === 'slow' ? 60 : 15;
    const customer = await onboard(service, receiver.url(), { timeoutSeconds, retrySchedule: [3] });
    receiver.answerWith([500, 200]);
    await victim.killAt('insert on attempts when (new.number = 2)', 'before', service, () => customer.post());
    await victim.expectFinished({ delivered: 1, duplicated: 1 });
  },
);

it.each(['release', 'delete'])('killed while it settles the %s of a subscription: settling goes on', async (change) => {
  const { receiver } = cluster;
  const service = await victim.start();
  const customer = await onboard(service, receiver.url());
  const subscription = `/v1/subscriptions/${customer.subscriptionId}`;
  await service.must('PATCH', subscription, { enabled: false });
  const ids = (await Promise.all(Array.from({ length: 20 }, () => customer.post()))).flat();
  await cluster.reach(ids, 'held');
  const step = "update on notifications when (old.status = 'held' and new.status <> 'held')";
  await victim.killAt(step, 'before', service, () =>
    change === 'release'
      ? service.call('PATCH', subscription, { enabled: true })
      : service.call('DELETE', subscription),
  );
  await victim.expectFinished(
    change === 'release' ? { delivered: 20, duplicated: 0 } : { delivered: 0, cancelled: 20, duplicated: 0 },
  );
});
