import { FairBound } from '../../src/domain/fair-bound';

/** Takes one at a time while there is room. @returns how much the tenant holds */
function fill(bound: FairBound, tenant: string): number {
  let held = 0;
  while (bound.hasRoom(tenant, 1)) {
    bound.take(tenant, 1);
    held += 1;
  }
  return held;
}

it('a fair bound refuses the tenant that fills it, and leaves room for others', () => {
  const bound = new FairBound(100);
  expect(fill(bound, 'a')).toBe(50);
  expect(fill(bound, 'b')).toBe(25);
  expect(bound.hasRoom('c', 10)).toBe(true);
  expect(bound.hasRoom('a', 1)).toBe(false);
});

it('a fair bound has a limit per tenant, and takes back what a tenant gave back', () => {
  const bound = new FairBound(100, 10);
  expect(fill(bound, 'a')).toBe(10);
  bound.giveBack('a', 4);
  expect(fill(bound, 'a')).toBe(4);
  expect(bound.inUse).toBe(10);
  bound.giveBack('a', 10);
  expect(bound.inUse).toBe(0);
});

it('a fair bound that many tenants fill, one after the other, has room for those who hold nothing', () => {
  const bound = new FairBound(200);
  const held = Array.from({ length: 20 }, (_, number) => fill(bound, `busy ${number}`));
  expect(held.slice(0, 3)).toEqual([100, 50, 25]);
  expect(held.slice(3)).toEqual(Array(17).fill(1));
  expect(fill(bound, 'quiet')).toBe(1);
  expect(bound.inUse).toBeLessThanOrEqual(200);
});

it('a fair bound never holds more than the total', () => {
  const bound = new FairBound(100);
  const held = Array.from({ length: 100 }, (_, number) => fill(bound, `tenant ${number}`));
  expect(bound.inUse).toBe(100);
  expect(held.at(-1)).toBe(0);
});

it('a fair bound refuses an amount that is more than is left', () => {
  const bound = new FairBound(100);
  bound.take('a', 40);
  expect(bound.hasRoom('b', 48)).toBe(false);
  expect(bound.hasRoom('b', 47)).toBe(true);
});

it('a fair bound has all its room after it was cleared', () => {
  const bound = new FairBound(100, 10);
  bound.take('a', 10);
  bound.take('b', 85);
  bound.clear();
  expect(bound.inUse).toBe(0);
  expect([bound.hasRoom('a', 10), bound.hasRoom('c', 10)]).toEqual([true, true]);
});
