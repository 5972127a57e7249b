import { LaneGate } from '../../src/attempts/lane-gate';
import { createMetrics } from '../../src/process/metrics';

const gateOf = (limits: Partial<ConstructorParameters<typeof LaneGate>[1]> = {}) =>
  new LaneGate('slow', { slots: 200, perCustomer: 1000, perSubscription: 1000, ...limits }, createMetrics());

/** Enters as often as possible. @returns what leaves again */
function fill(gate: LaneGate, customer: string, subscription = customer): (() => void)[] {
  const left: (() => void)[] = [];
  for (;;) {
    const entered = gate.enter(customer, subscription);
    if (typeof entered === 'number') return left;
    left.push(entered);
  }
}

it('a single subscription gets a third of a lane, and each further one a third of the rest', () => {
  const gate = gateOf();
  expect(fill(gate, 'a')).toHaveLength(60);
  expect(fill(gate, 'b')).toHaveLength(40);
  expect(fill(gate, 'c')).toHaveLength(27);
});

it('a customer with many subscriptions gets no more of a lane than one with a single subscription', () => {
  const gate = gateOf();
  const enteredOf = (customer: string) => {
    for (let count = 0; ; count++) {
      if (typeof gate.enter(customer, `${customer}-${count}`) === 'number') return count;
    }
  };
  expect(enteredOf('a')).toBe(60);
  expect(enteredOf('b')).toBe(40);
});

it('a visit takes one place however often it enters, and gives it back once', () => {
  const gate = gateOf({ perSubscription: 1 });
  const visit = gate.visit();
  expect(visit.enter('a', 'a')).toBeUndefined();
  expect(visit.enter('a', 'a')).toBeUndefined();
  expect(typeof gate.enter('a', 'a')).toBe('number');
  visit.leave();
  visit.leave();
  expect(fill(gate, 'a')).toHaveLength(1);
});

it('a lane has room for another customer however many customers hang', () => {
  const gate = gateOf();
  for (let customer = 0; customer < 20; customer++) fill(gate, `hanging-${customer}`);
  expect(typeof gate.enter('healthy', 'healthy')).toBe('function');
});

it('the caps of customers and subscriptions hold while the lane is empty', () => {
  const gate = gateOf({ perCustomer: 50, perSubscription: 20 });
  expect(fill(gate, 'customer', 'one')).toHaveLength(20);
  expect(fill(gate, 'customer', 'two')).toHaveLength(20);
  expect(fill(gate, 'customer', 'three')).toHaveLength(10);
  expect(fill(gate, 'customer', 'four')).toHaveLength(0);
  expect(fill(gate, 'other', 'five')).toHaveLength(20);
});

it('a place is free again when an attempt leaves', () => {
  const gate = gateOf({ perSubscription: 1 });
  const [leave] = fill(gate, 'a');
  expect(typeof gate.enter('a', 'a')).toBe('number');
  leave!();
  expect(typeof gate.enter('a', 'a')).toBe('function');
});

describe('attempts that are turned away', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('come back spread over the time that those before them take', () => {
    const gate = gateOf({ perSubscription: 10 });
    const entered = fill(gate, 'a');
    jest.advanceTimersByTime(10_000);
    const waitsMs = Array.from({ length: 100 }, () => gate.enter('a', 'a') as number);
    expect(waitsMs).toEqual(waitsMs.toSorted((a, b) => a - b));
    // One second each: ten at a time, of which each takes ten seconds.
    expect(waitsMs[0]).toBeCloseTo(1000, -2);
    expect(waitsMs[99]).toBeCloseTo(100_000, -3);
    for (const leave of entered) leave();
  });

  it('come back soon while attempts are quick, and within five minutes however long they take', () => {
    const gate = gateOf({ perSubscription: 10 });
    fill(gate, 'a');
    expect(gate.enter('a', 'a')).toBe(250);
    jest.advanceTimersByTime(600_000);
    const waitsMs = Array.from({ length: 100 }, () => gate.enter('a', 'a') as number);
    expect(Math.max(...waitsMs)).toBe(300_000);
  });
});

describe('a visit that waits for its turn elsewhere', () => {
  it('gives its place to others, and takes one again when there is one', () => {
    const gate = gateOf({ perSubscription: 1 });
    const visit = gate.visit();
    visit.enter('a', 'a');
    visit.withdraw();
    const leave = gate.enter('a', 'a') as () => void;
    expect(visit.comeBack()).toBe(false);
    leave();
    expect(visit.comeBack()).toBe(true);
    expect(typeof gate.enter('a', 'a')).toBe('number');
    expect(visit.comeBack()).toBe(true);
  });

  it('does not send others away for longer when it finds no place', () => {
    const gate = gateOf({ perCustomer: 1 });
    const visit = gate.visit();
    visit.enter('a', 'a');
    visit.withdraw();
    gate.enter('a', 'b');
    for (let asked = 0; asked < 100; asked++) expect(visit.comeBack()).toBe(false);
    expect(gate.enter('a', 'a')).toBe(250);
  });

  it('does not make attempts look quick', () => {
    const gate = gateOf({ perSubscription: 1 });
    jest.useFakeTimers();
    try {
      const leave = gate.enter('a', 'a') as () => void;
      jest.advanceTimersByTime(1000);
      leave();
      for (let asked = 0; asked < 10; asked++) {
        const visit = gate.visit();
        visit.enter('a', 'a');
        visit.withdraw();
        visit.leave();
      }
      gate.plan('a', 'a', 0);
      expect(gate.plan('a', 'a', 0)).toBe(1000);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('an attempt that was sent and cannot be recorded, because Postgres is away', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('keeps its place, and does not make attempts look slow while it waits or afterwards', () => {
    const gate = gateOf({ perSubscription: 1 });
    const visit = gate.visit();
    visit.enter('a', 'a');
    jest.advanceTimersByTime(1000);
    visit.sent();
    jest.advanceTimersByTime(60_000);
    expect(gate.plan('a', 'a', 0)).toBe(0);
    expect(gate.plan('a', 'a', 0)).toBe(1000);
    expect(typeof gate.enter('a', 'a')).toBe('number');
    visit.leave();
    expect(gate.plan('a', 'a', 0)).toBe(2000);
    expect(typeof gate.enter('a', 'a')).toBe('function');
  });
});

it('a gate forgets customers that have no attempts in flight', () => {
  const gate = gateOf();
  for (let customer = 0; customer < 5000; customer++) (gate.enter(`c${customer}`, `s${customer}`) as () => void)();
  const { customers, subscriptions } = gate as unknown as Record<string, Map<string, unknown>>;
  expect(customers!.size + subscriptions!.size).toBeLessThanOrEqual(2000);
});

describe('attempts that are planned', () => {
  const plans = (gate: LaneGate, count: number, afterMs: number, leastMs?: number) =>
    Array.from({ length: count }, () => gate.plan('customer', 'subscription', afterMs, leastMs));

  it('come no faster than the slots of their subscription get free', () => {
    const gate = gateOf({ perSubscription: 10 });
    // Ten slots of attempts that take five seconds: two per second.
    const waits = plans(gate, 20, 30_000, 5000);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...waits)).toBeGreaterThan(38_000);
    expect(Math.max(...waits)).toBeLessThan(41_000);
    const inFirstSecond = waits.filter((waitMs) => waitMs < 30_500).length;
    expect(inFirstSecond).toBeLessThanOrEqual(4);
  });

  it('share the slots of their customer, whatever their subscriptions', () => {
    const gate = gateOf({ perSubscription: 10, perCustomer: 10 });
    const waits = [1, 2, 3, 4].flatMap((id) =>
      Array.from({ length: 5 }, () => gate.plan('customer', `subscription-${id}`, 0, 5000)),
    );
    expect(Math.max(...waits)).toBeGreaterThan(8000);
  });

  it('are not moved if attempts are quick, or nothing is known about them', () => {
    expect(plans(gateOf(), 100, 1000).every((waitMs) => waitMs < 1010)).toBe(true);
  });

  it('are not moved when the receiver of a slow subscription is quick again', () => {
    const gate = gateOf({ perSubscription: 10, perCustomer: 10 });
    for (let attempt = 0; attempt < 5; attempt++) (gate.enter('customer', 'subscription') as () => void)();
    expect(plans(gate, 100, 1000, 5000).every((waitMs) => waitMs < 1010)).toBe(true);
  });

  it('are moved while the first ones of a slow subscription have not ended', () => {
    const gate = gateOf({ perSubscription: 10, perCustomer: 10 });
    for (let attempt = 0; attempt < 5; attempt++) gate.enter('customer', 'subscription');
    expect(Math.max(...plans(gate, 20, 0, 5000))).toBeGreaterThan(8000);
  });

  it('do not delay those of another customer', () => {
    const gate = gateOf({ perSubscription: 1 });
    plans(gate, 100, 0, 5000);
    expect(gate.plan('other', 'other', 0, 5000)).toBeLessThan(10);
  });
});
