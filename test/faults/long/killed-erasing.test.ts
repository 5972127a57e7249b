import { decodeId, encodeId } from '../../../src/domain/ids';
import { useCluster } from '../../support/cluster';
import { onboard } from '../../support/service';
import { stopSummaries } from '../../support/summaries';
import { until } from '../../support/until';
import { useVictim } from '../../support/victim';

/**
 * A process killed with SIGKILL at a step of an erasure. Temporal gives its activity to the next
 * process after the heartbeat timeout of 30 s.
 */
const cluster = useCluster();
const victim = useVictim(cluster);

const entering = (phase: string) => `update on erasures when (old.phase <> new.phase and new.phase = '${phase}')`;
/** Steps that do not happen, and their triggers. What comes before each of them is committed. */
const STEPS: [string, string][] = [
  ['the commit of the removal of notifications', 'delete on attempts'],
  ['the first cancellation', "update on notifications when (new.status = 'cancelled' and old.status <> 'cancelled')"],
  ['the end of the cancellations', entering('waiting')],
  ['the change of the audit log', 'update on audit'],
  ['the end of the search for traces', entering('notifications')],
  ['the removal of notifications', 'delete on notifications'],
  [
    'the count of removed notifications',
    `update on erasures when (old.counts ->> 'notifications' is distinct from new.counts ->> 'notifications')`,
  ],
  ['the removal of events', 'delete on events'],
  ['the removal of secrets', 'delete on subscription_secrets'],
  ['the removal of subscriptions', 'delete on subscriptions'],
  ['the sweep of Temporal', entering('sweeping')],
  ['the removal of the customer', 'delete on customers'],
  ['the receipt', "update on erasures when (new.status = 'completed')"],
];

/** The tables in which a text is found. */
async function tablesWith(text: string): Promise<string[]> {
  const { db } = cluster.database;
  const { rows } = await db.query<{ name: string }>({
    text: `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`,
  });
  const found: string[] = [];
  for (const { name } of rows) {
    const { rowCount } = await db.query({
      text: `select from ${name} t where position($1 in t::text) > 0 limit 1`,
      values: [text],
    });
    if (rowCount) found.push(name);
  }
  return found;
}

it.each(STEPS)(
  'killed before %s of an erasure: the next process finishes it, counts everything once, and leaves nothing',
  async (_, step) => {
    const { receiver } = cluster;
    await stopSummaries(cluster.database.db);
    const first = await victim.start();
    const customer = await onboard(first, receiver.url(), { retrySchedule: [3600] });
    const delivered = [...(await customer.post()), ...(await customer.post())];
    await cluster.reach(delivered, 'delivered');
    receiver.answerWith(500);
    const retrying = await customer.post();
    await cluster.reach(retrying, 'retrying');
    const requests = receiver.requests.length;
    expect(await tablesWith(customer.customerId)).not.toEqual([]);
    await victim.killAt(step, 'before', first, () => first.call('DELETE', `/v1/customers/${customer.customerId}`));
    const { rows } = await cluster.database.db.query<{ id: string }>({ text: 'select id from erasures' });
    const id = encodeId('ers', rows[0]!.id);
    const second = await cluster.start();
    const receipt = await until(
      () => second.must('GET', `/v1/erasures/${id}`),
      ({ status }) => status === 'completed',
      180_000,
    );
    expect(receipt.counts).toMatchObject({
      notifications: 3,
      attempts: 3,
      events: 3,
      subscriptions: 1,
      secrets: 1,
      statistics: 2,
    });
    expect(await tablesWith(customer.customerId)).toEqual([]);
    expect(await tablesWith(decodeId('sub', customer.subscriptionId)!)).toEqual([]);
    expect(receiver.requests).toHaveLength(requests);
  },
  300_000,
);
