import { HandOn } from '../../src/activities/hand-on';
import { PacedQueue } from '../../src/process/paced-queue';
import type { NotificationRef } from '../../src/domain/delivery';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const of = (customerId: string, count: number): NotificationRef[] =>
  Array.from({ length: count }, (_, index) => ({
    notificationId: `ntf_${customerId}_${index}`,
    subscriptionId: `sub_${customerId}`,
    customerId,
    eventType: 'a.b',
    schedule: [],
    lane: 'fast',
  }));

/** A Temporal that starts workflows when a test says so. */
function temporal() {
  const starts: { id: string; end(): void; fail(error: Error): void }[] = [];
  const paced = new PacedQueue();
  const burst = () =>
    new HandOn(
      paced,
      ({ notificationId: id }) =>
        new Promise<boolean>((resolve, reject) => starts.push({ id, end: () => resolve(true), fail: reject })),
    );
  return { burst, starts };
}

it('gives a customer with few failures its turn before one with many has had all of its', async () => {
  const { burst, starts } = temporal();
  const [busy, quiet] = [burst(), burst()];
  for (const notification of of('busy', 100)) busy.push(notification);
  for (const notification of of('quiet', 1)) quiet.push(notification);
  await settle();
  expect(starts.map(({ id }) => id)).toEqual(['ntf_busy_0', 'ntf_busy_1', 'ntf_quiet_0']);
});

it('a burst is done when all of its workflows have started, whatever other bursts wait for', async () => {
  const { burst, starts } = temporal();
  const [mine, other] = [burst(), burst()];
  for (const notification of of('mine', 1)) mine.push(notification);
  for (const notification of of('other', 2)) other.push(notification);
  for (const { id, end } of starts) if (id.startsWith('ntf_mine')) end();
  await mine.done();
  expect(mine.count).toBe(1);
});

it('after a failure the burst starts nothing more, and others go on', async () => {
  const { burst, starts } = temporal();
  const [mine, other] = [burst(), burst()];
  for (const notification of of('mine', 8)) mine.push(notification);
  for (const notification of of('other', 1)) other.push(notification);
  starts[0]!.fail(new Error('Temporal is away'));
  for (const { end } of starts.slice(1)) end();
  await expect(mine.done()).rejects.toThrow('Temporal is away');
  await other.done();
  expect(starts.map(({ id }) => id)).toEqual(['ntf_mine_0', 'ntf_mine_1', 'ntf_other_0']);
});

it('members in the slow lane do not delay those that failed, whose retries are due', async () => {
  const { burst, starts } = temporal();
  const members = burst();
  for (const notification of of('a', 100)) members.push({ ...notification, lane: 'slow' });
  for (const notification of of('failed', 1)) members.push({ ...notification, customerId: 'a' });
  await settle();
  expect(starts.map(({ id }) => id)).toEqual(['ntf_a_0', 'ntf_a_1', 'ntf_failed_0']);
});
