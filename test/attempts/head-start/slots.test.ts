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
  expect(slots.blockedBy(user('new'), true, undefined)).toMatchObject({ by: 'late, reserve' });
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
  const freed: unknown[] = [];
  const slots = new Slots(LIMITS, (limits, customerId) => void freed.push([customerId, ...limits]));
  const [slot] = taken(slots, ['a'], 20);
  expect(slots.blockedBy(user('a'), false, undefined)).toEqual({ by: 'subscription a-1', whole: 'subscription' });
  slot!.release();
  slot!.release();
  const shared = ['host a.example', 'total', 'late'];
  const reserves = shared.map((limit) => `${limit}, reserve`);
  expect(freed).toEqual([['a', 'customer a', 'subscription a-1', ...shared, ...reserves, 'backlog']]);
  expect(slots.blockedBy(user('a'), false, undefined)).toBeUndefined();
});

it('a host that is full has a quarter more slots, for customers that have none there', () => {
  const slots = new Slots(LIMITS, () => undefined);
  const at = (customerId: string, host = 'shared.example') => ({ ...user(customerId), host });
  for (const customer of ['a', 'b', 'c']) for (let count = 0; count < 17; count++) slots.take(at(customer));
  expect(slots.blockedBy(at('a'), false, undefined)).toEqual({ by: 'host shared.example', whole: 'subscription' });
  slots.take(at('quiet', 'elsewhere.example'));
  expect(slots.blockedBy(at('quiet'), false, undefined)).toBeUndefined();
  slots.take(at('quiet'));
  expect(slots.blockedBy(at('quiet'), false, undefined)).toMatchObject({ by: 'host shared.example' });
  for (let count = 0; count < 11; count++) slots.take(at(`other ${count}`));
  expect(slots.blockedBy(at('new'), false, undefined)).toMatchObject({ by: 'host shared.example, reserve' });
});
