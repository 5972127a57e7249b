import type { Cluster } from './cluster';
import { onboard, type ServiceProcess } from './service';
import { until } from './until';

/** The ids of the events of `failing`, in their order. */
export const eventIds = (count: number) => Array.from({ length: count }, (_, index) => `event-${index}`);

/** Bulk recoveries on the services of a cluster. */
export function recoveriesOn(cluster: Cluster) {
  return {
    /** A customer with `count` notifications, all failed. */
    async failing(service: ServiceProcess, count: number) {
      const customer = await onboard(service, cluster.receiver.url(), { retrySchedule: [] });
      cluster.receiver.answerWith(500);
      const ids: string[] = [];
      for (const id of eventIds(count)) ids.push(...(await customer.post({ id })));
      await cluster.reach(ids, 'failed');
      cluster.receiver.answerWith(200);
      cluster.receiver.requests.length = 0;
      return { ...customer, ids };
    },
    /** @returns the id of the recovery */
    async recover(service: ServiceProcess, subscriptionId: string, ratePerSecond: number): Promise<string> {
      const since = new Date(Date.now() - 3_600_000).toISOString();
      const answer = await service.call('POST', `/v1/subscriptions/${subscriptionId}/recover`, {
        since,
        ratePerSecond,
      });
      expect(answer.status).toBe(202);
      return answer.body.id;
    },
    /** Waits until a recovery has ended. @returns the recovery */
    ended: (service: ServiceProcess, id: string) =>
      until(
        async () => (await service.call('GET', `/v1/recoveries/${id}`)).body,
        ({ status }) => status !== 'running',
        60_000,
      ),
    /** The ids of the events that the receiver got. */
    received: () => cluster.receiver.requests.map(({ body }) => JSON.parse(body).id),
  };
}
