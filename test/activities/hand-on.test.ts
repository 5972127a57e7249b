import { HandOn, HandOnQueue } from '../../src/activities/hand-on';
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
  const queue = new HandOnQueue(
    ({ notificationId: id }) =>
      new Promise<boolean>((resolve, reject) => starts.push({ id, end: () => resolve(true), fail: reject })),
  );
  return { queue, starts };
}

it('starts four workflows concurrently, for all bursts together', async () => {
  const { queue, starts } = temporal();
  const [one, two] = [new HandOn(queue), new HandOn(queue)];
  for (const notification of of('a', 6)) one.push(notification);
  for (const notification of of('b', 6)) two.push(notification);
  expect(starts).toHaveLength(4);
  starts[0]!.end();
  await settle();
  expect(starts).toHaveLength(5);
});

it('gives a customer with few failures its turn before one with many has had all of its', async () => {
  const { queue, starts } = temporal();
  const [busy, quiet] = [new HandOn(queue), new HandOn(queue)];
  for (const notification of of('busy', 100)) busy.push(notification);
  for (const notification of of('quiet', 1)) quiet.push(notification);
  for (const index of [0, 1]) {
    starts[index]!.end();
    await settle();
  }
  expect(starts.map(({ id }) => id)).toContain('ntf_quiet_0');
});

it('a burst is done when all of its workflows have started, whatever other bursts wait for', async () => {
  const { queue, starts } = temporal();
  const [mine, other] = [new HandOn(queue), new HandOn(queue)];
  for (const notification of of('mine', 2)) mine.push(notification);
  for (const notification of of('other', 2)) other.push(notification);
  for (const { id, end } of starts) if (id.startsWith('ntf_mine')) end();
  await mine.done();
  expect(mine.count).toBe(2);
});

it('after a failure the burst starts nothing more, and others go on', async () => {
  const { queue, starts } = temporal();
  const [mine, other] = [new HandOn(queue), new HandOn(queue)];
  for (const notification of of('mine', 8)) mine.push(notification);
  for (const notification of of('other', 1)) other.push(notification);
  starts[0]!.fail(new Error('Temporal is away'));
  await settle();
  for (let index = 1; index < starts.length; index++) {
    starts[index]!.end();
    await settle();
  }
  await expect(mine.done()).rejects.toThrow('Temporal is away');
  await other.done();
  expect(starts.map(({ id }) => id)).toEqual([...of('mine', 4), ...of('other', 1)].map(({ notificationId: id }) => id));
});
