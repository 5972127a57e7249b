import { TenantQueue } from '../../src/domain/tenant-queue';

interface Item {
  customerId: string;
  subscriptionId: string;
  id: string;
}
const items = (customerId: string, subscriptionId: string, count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ customerId, subscriptionId, id: `${subscriptionId}-${index}` }));

function taken(queue: TenantQueue<Item>): string[] {
  const ids: string[] = [];
  for (let next = queue.take(); next; next = queue.take()) ids.push(next.id);
  return ids;
}

it('customers take turns, and their subscriptions, each in its own order', () => {
  const queue = new TenantQueue<Item>();
  for (const item of [...items('busy', 'a', 3), ...items('busy', 'b', 2), ...items('quiet', 'c', 2)]) queue.push(item);
  expect(queue.size).toBe(7);
  expect(taken(queue)).toEqual(['a-0', 'c-0', 'b-0', 'c-1', 'a-1', 'b-1', 'a-2']);
  expect(queue.size).toBe(0);
});

it('is empty after it was cleared, and takes items again', () => {
  const queue = new TenantQueue<Item>();
  for (const item of items('busy', 'a', 3)) queue.push(item);
  queue.clear();
  expect([queue.size, queue.take()]).toEqual([0, undefined]);
  for (const item of items('busy', 'b', 1)) queue.push(item);
  expect(taken(queue)).toEqual(['b-0']);
});
