import { BacklogPace } from '../../../src/attempts/head-start/backlog-pace';

/** A pace of up to 100 places on a clock of its own, beside an event loop that is as busy as a test says. */
function setUp() {
  let now = 0;
  let utilization = 0;
  const pace = new BacklogPace(100, {
    now: () => now,
    utilization: () => ({ idle: 0, active: 0, utilization }),
  });
  return {
    pace,
    /** Lets so many samples pass. @returns the places after them */
    after(samples: number, busy: number) {
      utilization = busy;
      for (let sample = 0; sample < samples; sample++) {
        now += 50;
        void pace.places;
      }
      return pace.places;
    },
  };
}

it('gives a backlog few places at first, and more the longer the event loop has time to spare', () => {
  const { pace, after } = setUp();
  expect(pace.places).toBe(4);
  const soon = after(3, 0.2);
  expect(soon).toBeGreaterThan(4);
  expect(after(3, 0.2)).toBeGreaterThan(soon);
});

it('gives all places where receivers are slow, and no more', () => {
  expect(setUp().after(30, 0.1)).toBe(100);
});

it('takes places back while the event loop is busy, but lets a backlog go on', () => {
  const { after } = setUp();
  after(30, 0.1);
  expect(after(2, 0.95)).toBeLessThan(60);
  expect(after(30, 0.95)).toBe(4);
});

it('judges by what was, not by each call', () => {
  const { pace, after } = setUp();
  const places = after(5, 0.2);
  for (let call = 0; call < 10; call++) expect(pace.places).toBe(places);
});
