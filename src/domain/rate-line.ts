/**
 * The turns of notifications whose subscription has a rate limit. All times are milliseconds since
 * the epoch by the clock of Postgres, so that all processes agree.
 */

/** Lowest rate limit: one attempt a day. */
export const MIN_RATE_PER_SECOND = 1 / 86_400;
export const MAX_RATE_PER_SECOND = 1000;

/**
 * When a limit is removed, those in the line still take turns, so that they keep their order. New
 * notifications do not join it.
 */
export const DRAIN_PER_SECOND = 100;

/**
 * Longest time that an attempt waits in its process for its turn. It absorbs timers that fire late
 * or in the wrong order. A longer wait is a durable timer, which occupies nothing.
 */
export const MAX_HOLD_MS = 500;

/**
 * Longest time that a notification waits in its process before its turn, in milliseconds. Timers
 * are set this much earlier, so that late ones do not change the order. Ten intervals at most, so
 * that a high limit does not have many wait.
 */
const MAX_LEAD_MS = 500;
const MAX_LEAD_INTERVALS = 10;

/**
 * The state of a line. Number `frontSeq` is due one interval after the last turn, or at `frontAtMs`
 * if that is over. Each later number is due one interval after the one before. So a change of the
 * limit changes nothing here.
 */
export interface RateLine {
  /** The number of the next notification that joins. */
  nextSeq: number;
  frontSeq: number;
  frontAtMs: number;
  /** When the last turn was taken; null before the first one. */
  takenAtMs: number | null;
}

/** A notification that wants to be attempted. */
export interface TurnRequest {
  /** Its number; null if it has not joined the line. */
  seq: number | null;
  /** A manual retry of a waiting notification: it is attempted now, and the others move back. */
  urgent: boolean;
}

export interface Turn {
  seq: number;
  /** Whether the attempt may be made at `atMs`, which is then at most `MAX_HOLD_MS` away. */
  granted: boolean;
  /** When the attempt may be made, or when to ask again. */
  atMs: number;
}

/** The time between two attempts. Limits outside the allowed range count as its ends. */
export function rateIntervalMs(ratePerSecond: number): number {
  return 1000 / Math.min(Math.max(ratePerSecond, MIN_RATE_PER_SECOND), MAX_RATE_PER_SECOND);
}

/** How much earlier than its turn a notification wakes. */
export function leadMs(intervalMs: number): number {
  return Math.min(MAX_LEAD_MS, MAX_LEAD_INTERVALS * intervalMs);
}

/**
 * Decides on one request. Turns that were granted are at least one interval apart, whatever the
 * order of requests and however late they come, except for urgent ones.
 *
 * @returns the turn, and the line after it
 */
export function takeTurn(
  line: RateLine,
  { seq, urgent }: TurnRequest,
  intervalMs: number,
  nowMs: number,
): { line: RateLine; turn: Turn } {
  if (seq === null) {
    const joined = join(line, intervalMs, nowMs);
    return takeTurn(joined, { seq: line.nextSeq, urgent }, intervalMs, nowMs);
  }
  const freeAtMs = nextFreeMs(line, intervalMs, nowMs);
  line = { ...line, frontAtMs: frontAtMs(line, intervalMs, nowMs) };
  if (urgent) return { line: { ...line, takenAtMs: freeAtMs }, turn: { seq, granted: true, atMs: nowMs } };
  const dueMs = dueAtMs(line, seq, intervalMs, nowMs);
  if (dueMs > nowMs) return { line, turn: { seq, granted: false, atMs: dueMs } };
  if (freeAtMs - nowMs > MAX_HOLD_MS) {
    // Its turn passed while it was late, and others took theirs: it is at the front now.
    const moved = { ...line, frontSeq: seq, frontAtMs: freeAtMs };
    return { line: moved, turn: { seq, granted: false, atMs: freeAtMs } };
  }
  const front = seq < line.frontSeq ? {} : { frontSeq: seq + 1, frontAtMs: freeAtMs + intervalMs };
  return { line: { ...line, ...front, takenAtMs: freeAtMs }, turn: { seq, granted: true, atMs: freeAtMs } };
}

/** When the limit allows the next turn. */
function nextFreeMs({ takenAtMs }: RateLine, intervalMs: number, nowMs: number): number {
  return takenAtMs === null ? nowMs : Math.max(nowMs, takenAtMs + intervalMs);
}

/** If all numbers given so far have had their turn, the line begins again with the new one. */
function join(line: RateLine, intervalMs: number, nowMs: number): RateLine {
  const isIdle = dueAtMs(line, line.nextSeq, intervalMs, nowMs) < nowMs;
  const front = isIdle ? { frontSeq: line.nextSeq, frontAtMs: nowMs } : {};
  return { ...line, ...front, nextSeq: line.nextSeq + 1 };
}

/** When the front is due, whatever the limit was when `frontAtMs` was written. */
function frontAtMs(line: RateLine, intervalMs: number, nowMs: number): number {
  const freeAtMs = nextFreeMs(line, intervalMs, nowMs);
  return freeAtMs > nowMs ? freeAtMs : Math.min(line.frontAtMs, nowMs);
}

/** When a number is due. */
export function dueAtMs(line: RateLine, seq: number, intervalMs: number, nowMs: number): number {
  return frontAtMs(line, intervalMs, nowMs) + (seq - line.frontSeq) * intervalMs;
}
