import { Slots, type Slot } from '../../../src/attempts/head-start/slots';

const LIMITS = { total: 100, perSubscription: 20, perCustomer: 60, perHost: 50 };
const user = (customerId: string) => ({ customerId, subscriptionId: `${customerId}-1`, host: `${customerId}.example` });

function taken(slots: Slots, customers: readonly string[], each = 1): Slot[] {
  return customers.flatMap((customer) => Array.from({ length: each }, () => slots.take(user(customer))));
}
const CUSTOMERS = Array.from({ length: 32 }, (_, index) => `c${index}`);

afterEach(() => jest.restoreAllMocks());

it('while the event loop is late, 32 head starts may send, and 8 more of customers without a slot', () => {
  const slots = new Slots(LIMITS, () => undefined);
  const [first] = taken(slots, CUSTOMERS);
  expect(slots.blockedBy(user('c1'), true, undefined)).toEqual({ by: 'late', whole: 'customer' });
  expect(slots.blockedBy(user('c1'), false, undefined)).toBeUndefined();
  expect(slots.blockedBy(user('new'), true, undefined)).toBeUndefined();
  taken(slots, ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8']);
  expect(slots.blockedBy(user('new'), true, undefined)).toMatchObject({ by: 'late' });
  for (let ended = 0; ended < 9; ended++) first!.release();
  expect(slots.inUse).toBe(39);
});

it('requests that have hung for a second do not count while the event loop is late or a backlog is paced', () => {
  const now = jest.spyOn(performance, 'now').mockReturnValue(0);
  const slots = new Slots(LIMITS, () => undefined);
  taken(slots, CUSTOMERS);
  expect(slots.blockedBy(user('c1'), false, 32)).toMatchObject({ by: 'backlog' });
  now.mockReturnValue(1000);
  expect(slots.blockedBy(user('c1'), true, undefined)).toBeUndefined();
  expect(slots.blockedBy(user('c1'), false, 32)).toBeUndefined();
  expect(slots.inUse).toBe(32);
});

it('a slot that is released frees every limit that it counted against, once', () => {
  const freed: (readonly string[])[] = [];
  const slots = new Slots(LIMITS, (limits) => void freed.push(limits));
  const [slot] = taken(slots, ['a'], 20);
  expect(slots.blockedBy(user('a'), false, undefined)).toEqual({ by: 'subscription a-1', whole: 'subscription' });
  slot!.release();
  slot!.release();
  expect(freed).toEqual([['customer a', 'subscription a-1', 'host a.example', 'total', 'late', 'backlog']]);
  expect(slots.blockedBy(user('a'), false, undefined)).toBeUndefined();
});
