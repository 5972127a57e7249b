import { TenantTurns, type Blocked } from '../../src/domain/tenant-turns';

interface Item {
  customerId: string;
  subscriptionId: string;
  id: string;
}

/** Items named by customer, subscription and number, such as `a1-3`. */
function turnsOf(...ids: string[]): TenantTurns<Item> {
  const turns = new TenantTurns<Item>();
  for (const id of ids) turns.push({ customerId: id[0]!, subscriptionId: id.slice(0, 2), id });
  return turns;
}

function takeAll(turns: TenantTurns<Item>, blockedBy: (item: Item) => Blocked | undefined = () => undefined): string[] {
  const taken: string[] = [];
  for (let item = turns.take(blockedBy); item; item = turns.take(blockedBy)) taken.push(item.id);
  return taken;
}

const SUBSCRIPTION_A1: Blocked = { by: 'subscription a1', whole: 'subscription' };
const CUSTOMER_A: Blocked = { by: 'customer a', whole: 'customer' };
const TOTAL: Blocked = { by: 'total', whole: 'customer' };

it('head starts of customers take turns, and within a customer those of its subscriptions', () => {
  const turns = turnsOf('a1-1', 'a1-2', 'a2-1', 'b1-1', 'b1-2');
  expect(takeAll(turns)).toEqual(['a1-1', 'b1-1', 'a2-1', 'b1-2', 'a1-2']);
});

it('head starts of a subscription at its limit let the other subscriptions of the customer pass', () => {
  const turns = turnsOf('a1-1', 'a2-1', 'b1-1');
  const blockedBy = ({ subscriptionId }: Item) => (subscriptionId === 'a1' ? SUBSCRIPTION_A1 : undefined);
  expect(takeAll(turns, blockedBy)).toEqual(['a2-1', 'b1-1']);
  turns.release(SUBSCRIPTION_A1.by);
  expect(takeAll(turns)).toEqual(['a1-1']);
});

it('head starts of a customer at its limit wait until the limit is released, with those pushed meanwhile', () => {
  const turns = turnsOf('a1-1', 'b1-1');
  const blockedBy = ({ customerId }: Item) => (customerId === 'a' ? CUSTOMER_A : undefined);
  expect(takeAll(turns, blockedBy)).toEqual(['b1-1']);
  turns.push({ customerId: 'a', subscriptionId: 'a2', id: 'a2-1' });
  let asked = 0;
  expect(takeAll(turns, () => void asked++)).toEqual([]);
  expect(asked).toBe(0);
  turns.release(CUSTOMER_A.by);
  expect(takeAll(turns)).toEqual(['a1-1', 'a2-1']);
});

it('a limit that was released lets all that are parked under it pass, until it blocks again', () => {
  const turns = turnsOf('a1-1', 'b1-1', 'c1-1', 'd1-1', 'e1-1');
  expect(takeAll(turns, () => TOTAL)).toEqual([]);
  turns.release(TOTAL.by);
  const answers = [undefined, undefined, undefined, TOTAL];
  const blockedBy = () => {
    // The one that is blocked is the last that is looked at.
    if (answers.length === 0) throw new Error('looked further although the limit blocks');
    return answers.shift();
  };
  expect(takeAll(turns, blockedBy)).toHaveLength(3);
  let asked = 0;
  expect(takeAll(turns, () => void asked++)).toEqual([]);
  expect(asked).toBe(0);
  turns.release(TOTAL.by);
  expect(takeAll(turns)).toHaveLength(2);
});

it('customers that are parked under a limit come back in turns, the one that released a slot first', () => {
  const turns = turnsOf('a1-1', 'a2-1', 'a3-1', 'b1-1', 'c1-1');
  takeAll(turns, () => ({ by: 'host', whole: 'subscription' }));
  const back = (first?: string) => {
    turns.release('host', first);
    // Only the one that came back is looked at.
    return turns.take(() => undefined)!.id;
  };
  expect([back(), back('c'), back(), back('d'), back()]).toEqual(['a1-1', 'c1-1', 'b1-1', 'a2-1', 'a3-1']);
});

it('head starts of a subscription are removed wherever they wait', () => {
  const turns = turnsOf('a1-1', 'a1-2', 'a2-1');
  takeAll(turns, () => TOTAL);
  expect(turns.remove({ customerId: 'a', subscriptionId: 'a1' }).map(({ id }) => id)).toEqual(['a1-1', 'a1-2']);
  turns.release(TOTAL.by);
  expect(takeAll(turns)).toEqual(['a2-1']);
});

const itemsOf = (customerId: string, subscriptionId: string, count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ customerId, subscriptionId, id: `${subscriptionId}-${index}` }));

it('customers take turns, and their subscriptions, each in its own order', () => {
  const queue = new TenantTurns<Item>();
  for (const item of [...itemsOf('busy', 'a', 3), ...itemsOf('busy', 'b', 2), ...itemsOf('quiet', 'c', 2)])
    queue.push(item);
  expect(queue.size).toBe(7);
  expect(takeAll(queue)).toEqual(['a-0', 'c-0', 'b-0', 'c-1', 'a-1', 'b-1', 'a-2']);
  expect(queue.size).toBe(0);
});

it('is empty after it was cleared, and takes items again', () => {
  const queue = new TenantTurns<Item>();
  for (const item of itemsOf('busy', 'a', 3)) queue.push(item);
  queue.drain();
  expect([queue.size, queue.take(() => undefined)]).toEqual([0, undefined]);
  for (const item of itemsOf('busy', 'b', 1)) queue.push(item);
  expect(takeAll(queue)).toEqual(['b-0']);
});
