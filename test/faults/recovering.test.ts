import { watch } from '../support/activity';
import { recoveriesOn, eventIds } from '../support/recoveries';
import { ADMIN_KEY, onboard } from '../support/service';
import { useCluster } from '../support/cluster';
import { until } from '../support/until';
import { itInLongRuns } from '../support/variants';

/**
 * Bulk recovery and the activity stream with whole processes that are killed and stopped. More is
 * in long/recovering.test.ts.
 */
const cluster = useCluster();

const { failing, recover, ended, received } = recoveriesOn(cluster);

itInLongRuns(
  'killed during a recovery: the next process continues where it was, and delivers everything once',
  async () => {
    const first = await cluster.start();
    const { ids, subscriptionId } = await failing(first, 30);
    const id = await recover(first, subscriptionId, 20);
    await cluster.receiver.waitFor(10);
    await first.kill9();
    const { rowCount: recorded } = await cluster.database.db.query({ text: 'select from attempts' });
    const inFlight = received().length + 30 - recorded!;
    await cluster.makeOverdue();
    const second = await cluster.start();
    expect(await ended(second, id)).toMatchObject({ status: 'completed', total: 30, retried: 30, skipped: 0 });
    await cluster.makeOverdue();
    await cluster.reach(ids, 'delivered');
    // Only attempts in flight when the process died are made again.
    expect([...new Set(received())].sort()).toEqual(eventIds(30).sort());
    expect(received().length).toBeLessThanOrEqual(30 + inFlight);
  },
);

it('an activity stream ends with its process and resumes on the next, without gaps or repeats', async () => {
  const first = await cluster.start();
  const customer = await onboard(first, cluster.receiver.url());
  const before = await watch(first.url, ADMIN_KEY);
  await customer.post({ id: 'before' });
  await before.waitFor(2);
  // The process stops immediately in spite of the open stream.
  expect(await first.stop()).toBe(0);
  await until(
    async () => before.ended,
    (over) => over,
  );
  const second = await cluster.start({ env: { SIGNPOST_PORT: new URL(first.url).port } });
  // The stream keeps the order of events, so this attempt ends before the next event is accepted.
  await cluster.reach(await customer.post({ id: 'between' }), 'delivered');
  const after = await watch(second.url, ADMIN_KEY, { lastEventId: before.lastEventId });
  await customer.post({ id: 'after' });
  await after.waitFor(4);
  const received = [...before.events, ...after.events].map(({ event, data }) => `${event} ${data.eventId}`);
  expect(received).toEqual(
    ['before', 'between', 'after'].flatMap((id) => [`event.accepted ${id}`, `attempt.finished ${id}`]),
  );
});
