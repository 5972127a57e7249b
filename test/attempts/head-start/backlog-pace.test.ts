import { BacklogPace } from '../../../src/attempts/head-start/backlog-pace';

/** A pace of up to 100 slots, with a fake clock and a fake utilization of the event loop. */
function setUp() {
  let now = 0;
  let utilization = 0;
  const pace = new BacklogPace(100, {
    now: () => now,
    utilization: () => ({ idle: 0, active: 0, utilization }),
  });
  return {
    pace,
    /** Takes samples at this utilization. @returns the slots afterwards */
    after(samples: number, busy: number) {
      utilization = busy;
      for (let sample = 0; sample < samples; sample++) {
        now += 50;
        void pace.slots;
      }
      return pace.slots;
    },
  };
}

it('the backlog pace starts with few slots and adds more while the event loop has spare time', () => {
  const { pace, after } = setUp();
  expect(pace.slots).toBe(16);
  const soon = after(3, 0.2);
  expect(soon).toBeGreaterThan(16);
  expect(after(3, 0.2)).toBeGreaterThan(soon);
});

it('the backlog pace gives all slots, and no more, while receivers are slow', () => {
  expect(setUp().after(30, 0.1)).toBe(100);
});

it('the backlog pace takes slots away while the event loop is busy, down to a minimum', () => {
  const { after } = setUp();
  after(30, 0.1);
  expect(after(2, 0.95)).toBeLessThan(60);
  expect(after(30, 0.95)).toBe(16);
});

it('the backlog pace depends on elapsed time and not on the number of calls', () => {
  const { pace, after } = setUp();
  const slots = after(5, 0.2);
  for (let call = 0; call < 10; call++) expect(pace.slots).toBe(slots);
});
