import {
  FRONT_PATIENCE_MS,
  leadMs,
  MAX_HOLD_MS,
  rateIntervalMs,
  takeTurn,
  type RateLine,
} from '../../src/domain/rate-line';

const EMPTY: RateLine = { nextSeq: 0, frontSeq: 0, frontAtMs: 0, takenAtMs: null };

/** A generator of numbers in [0, 1), the same in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

interface Member {
  seq: number;
  wakesAtMs: number;
  /** Durable waits, of which each is a workflow that wakes. */
  timers: number;
}

/**
 * Plays a line until all members have had their turn.
 *
 * @param firesAt - when a timer fires that is due at a time
 * @param intervalAt - the interval of the rate limit at a time
 * @returns the members in the order of their turns, with the times
 */
function play(members: Member[], intervalAt: (nowMs: number) => number, firesAt: (dueMs: number) => number) {
  let line: RateLine = { ...EMPTY, nextSeq: members.length };
  const turns: { seq: number; atMs: number; timers: number }[] = [];
  const waiting = [...members];
  for (let steps = 0; waiting.length > 0; steps++) {
    if (steps > 100_000) throw new Error('the line makes no progress');
    waiting.sort((a, b) => a.wakesAtMs - b.wakesAtMs || a.seq - b.seq);
    const member = waiting[0]!;
    if (member.timers > 100) throw new Error(`number ${member.seq} never gets its turn`);
    const nowMs = member.wakesAtMs;
    const { line: next, turn } = takeTurn(line, { seq: member.seq, urgent: false }, intervalAt(nowMs), nowMs);
    line = next;
    const lead = leadMs(intervalAt(nowMs));
    if (!turn.granted && turn.atMs - nowMs <= 2 * lead) member.wakesAtMs = turn.atMs;
    else if (!turn.granted) {
      member.timers += 1;
      member.wakesAtMs = firesAt(turn.atMs - lead);
    } else {
      waiting.shift();
      turns.push({ seq: member.seq, atMs: turn.atMs, timers: member.timers });
      expect(turn.atMs).toBeGreaterThanOrEqual(nowMs);
      expect(turn.atMs - nowMs).toBeLessThanOrEqual(MAX_HOLD_MS);
    }
  }
  return turns;
}

const gaps = (times: number[]) => times.slice(1).map((at, index) => at - times[index]!);
const crowd = (size: number, wakesAtMs: (seq: number) => number): Member[] =>
  Array.from({ length: size }, (_, seq) => ({ seq, wakesAtMs: wakesAtMs(seq), timers: 0 }));

it('a line grants one turn per interval, in order, with one timer for each', () => {
  // They ask for their number in the wrong order.
  const turns = play(
    crowd(100, (seq) => 100 - seq),
    () => 500,
    (dueMs) => dueMs,
  );
  expect(turns.map(({ seq }) => seq)).toEqual(turns.map((_, index) => index));
  expect(Math.min(...gaps(turns.map(({ atMs }) => atMs)))).toBe(500);
  expect(turns.at(-1)!.atMs).toBeLessThanOrEqual(99 * 500 + 100);
  expect(Math.max(...turns.map(({ timers }) => timers))).toBe(1);
});

it.each([1, 2, 3, 4, 5])('late timers never bring two turns closer together than the interval (seed %i)', (seed) => {
  const random = randomNumbers(seed);
  for (const interval of [1, 10, 100, 1000, 50_000]) {
    const turns = play(
      crowd(200, () => random() * 2000),
      () => interval,
      (dueMs) => dueMs + random() * 300,
    );
    const times = turns.map(({ atMs }) => atMs);
    expect(Math.min(...gaps(times.toSorted((a, b) => a - b)))).toBeGreaterThan(interval - 1e-6);
    // No time is lost: lateness adds up to at most the largest one.
    expect(Math.max(...times)).toBeLessThanOrEqual(2000 + 300 + 200 * interval);
  }
});

it('after an outage all timers fire together, and the line goes on in order', () => {
  const outageEndsAtMs = 3_600_000;
  const turns = play(
    crowd(1000, (seq) => seq),
    () => 1000,
    (dueMs) => Math.max(dueMs, outageEndsAtMs),
  );
  const times = turns.map(({ atMs }) => atMs);
  expect(Math.min(...gaps(times))).toBeGreaterThanOrEqual(1000);
  expect(Math.max(...turns.map(({ timers }) => timers))).toBeLessThanOrEqual(2);
  expect(turns.map(({ seq }) => seq)).toEqual(turns.map((_, index) => index));
});

it('a higher limit counts from the next turn on', () => {
  let line: RateLine = { ...EMPTY, nextSeq: 3 };
  const ask = (seq: number, ratePerSecond: number, nowMs: number) => {
    const result = takeTurn(line, { seq, urgent: false }, rateIntervalMs(ratePerSecond), nowMs);
    line = result.line;
    return result.turn;
  };
  expect(ask(0, 0.02, 0)).toMatchObject({ granted: true, atMs: 0 });
  expect(ask(1, 0.02, 0)).toMatchObject({ granted: false, atMs: 50_000 });
  expect(ask(2, 0.02, 0)).toMatchObject({ granted: false, atMs: 100_000 });
  expect(ask(1, 100, 3000)).toMatchObject({ granted: true, atMs: 3000 });
  expect(ask(2, 100, 3000)).toMatchObject({ granted: false, atMs: 3010 });
});

it('a higher limit counts for those behind a number that never asks', () => {
  let line: RateLine = { ...EMPTY, nextSeq: 3, frontSeq: 1, frontAtMs: 50_000, takenAtMs: 0 };
  for (const nowMs of [3000, 3010]) {
    const { line: next, turn } = takeTurn(line, { seq: 2, urgent: false }, 10, nowMs);
    expect(turn).toMatchObject({ granted: nowMs === 3010, atMs: 3010 });
    line = next;
  }
});

it('a lower limit moves the whole line back', () => {
  const turns = play(
    crowd(10, () => 0),
    (nowMs) => (nowMs < 2500 ? 1000 : 20_000),
    (dueMs) => dueMs,
  );
  expect(turns.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(Math.min(...gaps(turns.slice(2).map(({ atMs }) => atMs)))).toBe(20_000);
});

it('an urgent request is granted now, and the others move back by one interval', () => {
  const first = takeTurn({ ...EMPTY, nextSeq: 3 }, { seq: 0, urgent: false }, 50_000, 1000);
  const urgent = takeTurn(first.line, { seq: 2, urgent: true }, 50_000, 4000);
  expect(urgent.turn).toMatchObject({ granted: true, atMs: 4000 });
  const waiting = takeTurn(urgent.line, { seq: 1, urgent: false }, 50_000, 51_000);
  expect(waiting.turn).toMatchObject({ granted: false, atMs: 101_000 });
});

it('numbers that never ask delay the ones behind them by their turns and no more', () => {
  const line: RateLine = { ...EMPTY, nextSeq: 50 };
  const { turn } = takeTurn(line, { seq: 49, urgent: false }, 1000, 0);
  expect(turn).toMatchObject({ granted: false, atMs: 49_000 });
  // Even if it comes much too late.
  expect(takeTurn(line, { seq: 49, urgent: false }, 10, 49_700).turn.granted).toBe(true);
});

it('a line that was idle begins with the next number', () => {
  const idle: RateLine = { nextSeq: 7, frontSeq: 7, frontAtMs: 1000, takenAtMs: 0 };
  const { line, turn } = takeTurn(idle, { seq: null, urgent: false }, 1000, 90_000);
  expect(turn).toEqual({ seq: 7, granted: true, atMs: 90_000 });
  expect(line).toMatchObject({ nextSeq: 8, frontSeq: 8, frontAtMs: 91_000 });
});

it.each([
  [1e-300, 86_400_000],
  [0, 86_400_000],
  [1e300, 1],
  [4, 250],
])('the limit %d per second means an interval of %d ms', (rate, intervalMs) => {
  expect(rateIntervalMs(rate)).toBeCloseTo(intervalMs, 3);
});

it.each([
  [1, 10],
  [50, 500],
  [60_000, 500],
])('with an interval of %d ms, a notification wakes %d ms before its turn', (intervalMs, earlierMs) => {
  expect(leadMs(intervalMs)).toBe(earlierMs);
});

it('two notifications that join get consecutive numbers', () => {
  const first = takeTurn({ ...EMPTY }, { seq: null, urgent: false }, 1000, 5000);
  const second = takeTurn(first.line, { seq: null, urgent: false }, 1000, 5000);
  expect([first.turn, second.turn]).toEqual([
    { seq: 0, granted: true, atMs: 5000 },
    { seq: 1, granted: false, atMs: 6000 },
  ]);
});

it('a number that is late by more than the hold waits for the next free turn, at the front', () => {
  const line: RateLine = { nextSeq: 9, frontSeq: 5, frontAtMs: 10_000, takenAtMs: 9000 };
  const { line: after, turn } = takeTurn(line, { seq: 3, urgent: false }, 1000, 9100);
  expect(turn).toEqual({ seq: 3, granted: false, atMs: 10_000 });
  expect(after).toMatchObject({ frontSeq: 3, frontAtMs: 10_000 });
});

it('a number that is late leaves the front where it is', () => {
  const line: RateLine = { nextSeq: 9, frontSeq: 5, frontAtMs: 10_000, takenAtMs: 9000 };
  const { line: after, turn } = takeTurn(line, { seq: 3, urgent: false }, 1000, 9700);
  expect(turn).toEqual({ seq: 3, granted: true, atMs: 10_000 });
  expect(after).toMatchObject({ frontSeq: 5, takenAtMs: 10_000 });
});

describe('a number whose turn has come while lower ones have not asked', () => {
  const line: RateLine = { nextSeq: 6, frontSeq: 2, frontAtMs: 10_000, takenAtMs: 9000 };
  const ask = (seq: number, nowMs: number, waiting: number[]) =>
    takeTurn(line, { seq, urgent: false }, 60, nowMs, waiting);

  it('waits behind them, and the line does not change', () => {
    const { line: after, turn } = ask(5, 11_000, [3, 5]);
    expect(turn).toEqual({ seq: 5, granted: false, atMs: 26_150, behind: 1 });
    expect(after).toEqual(line);
  });

  it('waits for none whose turn is at most 50 ms before its own', () => {
    const granted = (intervalMs: number) =>
      takeTurn(line, { seq: 5, urgent: false }, intervalMs, 11_000, [2, 3, 4, 5]).turn.granted;
    expect(granted(15)).toBe(true);
    expect(granted(16)).toBe(false);
    expect(granted(50)).toBe(false);
  });

  it('is granted if those have left the line, or were passed before', () => {
    expect(ask(5, 11_000, [1, 5]).turn).toEqual({ seq: 5, granted: true, atMs: 11_000 });
  });

  it('passes them when they have not asked for fifteen seconds', () => {
    expect(ask(5, 10_000 + FRONT_PATIENCE_MS, [3, 5]).turn.granted).toBe(false);
    expect(ask(5, 10_001 + FRONT_PATIENCE_MS, [3, 5]).turn.granted).toBe(true);
  });

  it('is granted immediately after a manual retry', () => {
    expect(takeTurn(line, { seq: 5, urgent: true }, 10, 11_000, [3, 5]).turn.granted).toBe(true);
  });
});

it('a line does not begin again with the next number while those before it may be late', () => {
  const late: RateLine = { nextSeq: 7, frontSeq: 6, frontAtMs: 1000, takenAtMs: 0 };
  const join = (nowMs: number) => takeTurn(late, { seq: null, urgent: false }, 60, nowMs, [6]);
  expect(join(5000).turn).toMatchObject({ seq: 7, behind: 1 });
  expect(join(1011 + FRONT_PATIENCE_MS).turn).toMatchObject({ seq: 7, granted: true });
});
