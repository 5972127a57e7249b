import { setTimeout as sleep } from 'node:timers/promises';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { notificationWorkflowId } from '../../src/domain/types';
import { useCluster } from '../support/cluster';
import { onboard } from '../support/service';
import { until } from '../support/until';
import { itInLongRuns, variants } from '../support/variants';
import { useVictim, type When } from '../support/victim';

/**
 * Processes killed with SIGKILL at a named step: a trigger holds the statement of the step, or a
 * proxy holds back what Temporal or Postgres answers. Another process finishes the work. More steps
 * are in long/killed-at.test.ts.
 */
const cluster = useCluster();
const victim = useVictim(cluster);

itInLongRuns.each<When>(['after', 'before'])(
  'killed %s the commit of an accept: the repeated post is accepted once',
  async (when) => {
    const service = await victim.start();
    const customer = await onboard(service, cluster.receiver.url());
    await victim.killAt('insert on events', when, service, () => customer.post({ id: 'order-1' }));
    const next = await cluster.start();
    const event = { id: 'order-1', type: customer.eventType, customerId: customer.customerId, data: { amount: 125.5 } };
    expect((await next.call('POST', '/v1/events', event)).status).toBeLessThan(300);
    await cluster.makeOverdue();
    await victim.expectClosed({ delivered: 1, duplicated: 0 });
  },
);

it.each(variants<When>('after', 'before'))(
  'killed %s Temporal acted on a start: the workflow runs once',
  async (when) => {
    const { receiver, temporal } = cluster;
    const service = await victim.start();
    const customer = await onboard(service, receiver.url(), { timeoutSeconds: 60 });
    const connection = await Connection.connect({ address: temporal.address });
    const { workflow } = new TemporalClient({ connection });
    if (when === 'before') victim.networks.temporal.hang();
    else victim.networks.temporal.loseAnswers();
    const [id] = await customer.post();
    if (when === 'before') await sleep(500);
    else
      await until(
        () =>
          workflow
            .getHandle(notificationWorkflowId(id!))
            .describe()
            .then(
              () => true,
              () => false,
            ),
        (exists) => exists,
      );
    await victim.kill(service);
    await connection.close();
    await victim.expectFinished({ delivered: 1, duplicated: 0 });
  },
);

it.each(variants<When>('after', 'before'))(
  'killed %s the commit of the record of an attempt: the record agrees with the requests',
  async (when) => {
    const service = await victim.start();
    const customer = await onboard(service, cluster.receiver.url());
    await victim.killAt('insert on attempts', when, service, () => customer.post());
    await victim.expectFinished({ delivered: 1, duplicated: when === 'before' ? 1 : 0 });
  },
);
