import { useCluster } from '../../support/cluster';
import { buildOfNextVersion, ofBuild, setCurrent } from '../../support/deployment';
import { onboard } from '../../support/service';
import { until } from '../../support/until';

/** An upgrade to a build with other workflow code, and a rollback from it. */
const cluster = useCluster();

it('a build with changed workflow code continues what waits, and a rollback replaces what it moved on', async () => {
  const { receiver, temporal, database } = cluster;
  const startWorker = (buildId: string, main?: string) =>
    cluster.start({ main, env: { ...ofBuild(buildId), SIGNPOST_ROLE: 'worker' } });
  const first = await startWorker('1');
  await setCurrent(temporal.address, '1');
  const api = await cluster.start({ env: { SIGNPOST_ROLE: 'api' } });
  receiver.answerWith(({ headers }) => ({ status: Number(headers['signpost-attempt']) < 4 ? 500 : 200 }));
  // The slow lane: all attempts are made by workflows.
  const customer = await onboard(api, receiver.url(), { timeoutSeconds: 60, retrySchedule: [3, 20, 20, 20] });
  const ids = [...(await customer.post()), ...(await customer.post()), ...(await customer.post())];
  const attempts = (count: number) =>
    until(
      () => database.db.query({ text: 'select from notifications where attempt_count >= $1', values: [count] }),
      ({ rows }) => rows.length === ids.length,
      150_000,
    );
  await attempts(1);

  const second = await startWorker('2', buildOfNextVersion());
  await setCurrent(temporal.address, '2');
  expect(await first.stop()).toBe(0);
  await attempts(2);
  expect(second.output()).not.toMatch(/TMPRL1100|nondeterminism/i);

  const third = await startWorker('1');
  await setCurrent(temporal.address, '1');
  expect(await second.stop()).toBe(0);
  await attempts(4);
  await cluster.reach(ids, 'delivered');
  expect(third.output()).toContain('it is replaced by a new run');
  const made = receiver.requests.map(
    ({ headers }) => `${String(headers['signpost-notification'])} ${String(headers['signpost-attempt'])}`,
  );
  expect(new Set(made).size).toBe(4 * ids.length);
  expect(made).toHaveLength(4 * ids.length);
}, 300_000);
