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
 * How long the front of the line holds the others up while it does not ask for its turn: its
 * workflow sleeps by an earlier limit, or is not started yet. Then the next one has its turn.
 */
export const FRONT_PATIENCE_MS = 15_000;

/**
 * An attempt that has to wait for longer may do so because of numbers that were given up: they were
 * cancelled, or held while the subscription was disabled.
 */
export const LONG_WAIT_MS = 2000;

/**
 * A number does not wait for those whose turn is at most this much before its own: their requests
 * overlap anyway. At up to 20/s, it waits for all.
 */
const OVERLAP_MS = 50;

/**
 * When a notification asks again by itself whose turn has come, but not those of others before it:
 * after a time for itself, and one for each number before it. The line is woken in order meanwhile,
 * so nearly all are woken before. If they asked again soon, all of Temporal's work would be
 * questions.
 */
const BEHIND_WAIT_MS = 15_000;
const BEHIND_EACH_MS = 50;

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
  /**
   * How many others before it have not had their turn, if it is not granted only because of them.
   */
  behind?: number;
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
 * order of requests and however late they come, except for urgent ones. A number whose turn has
 * come waits for the lower ones that have not asked, for as long as {@link FRONT_PATIENCE_MS}.
 *
 * @param waiting - the numbers of the notifications in the line, in order; those that are missing
 *   hold nobody up
 * @param patientSinceMs - the patience with the front counts from then on, if that is later than
 *   its turn
 * @returns the turn, and the line after it
 */
export function takeTurn(
  line: RateLine,
  { seq, urgent }: TurnRequest,
  intervalMs: number,
  nowMs: number,
  waiting: readonly number[] = [],
  patientSinceMs = -Infinity,
): { line: RateLine; turn: Turn } {
  if (seq === null) {
    const joined = join(line, intervalMs, nowMs);
    return takeTurn(joined, { seq: line.nextSeq, urgent }, intervalMs, nowMs, waiting, patientSinceMs);
  }
  const freeAtMs = nextFreeMs(line, intervalMs, nowMs);
  line = { ...line, frontAtMs: frontAtMs(line, intervalMs, nowMs) };
  if (urgent) return { line: { ...line, takenAtMs: freeAtMs }, turn: { seq, granted: true, atMs: nowMs } };
  const dueMs = dueAtMs(line, seq, intervalMs, nowMs);
  if (dueMs > nowMs) return { line, turn: { seq, granted: false, atMs: dueMs } };
  const waitedMs = nowMs - Math.max(line.frontAtMs, patientSinceMs);
  const before = seq - Math.floor(OVERLAP_MS / (intervalMs + 1));
  const behind = waitedMs > FRONT_PATIENCE_MS ? 0 : countBefore(line, before, waiting);
  if (behind > 0) {
    const atMs = nowMs + BEHIND_WAIT_MS + (seq - line.frontSeq) * BEHIND_EACH_MS;
    return { line, turn: { seq, granted: false, atMs, behind } };
  }
  if (freeAtMs - nowMs > MAX_HOLD_MS) {
    // Its turn passed while it was late, and others took theirs: it is at the front now.
    const moved = { ...line, frontSeq: seq, frontAtMs: freeAtMs };
    return { line: moved, turn: { seq, granted: false, atMs: freeAtMs } };
  }
  const front = seq < line.frontSeq ? {} : { frontSeq: seq + 1, frontAtMs: freeAtMs + intervalMs };
  return { line: { ...line, ...front, takenAtMs: freeAtMs }, turn: { seq, granted: true, atMs: freeAtMs } };
}

/** How many lower numbers have to have their turn first. Those below the front have been passed. */
function countBefore({ frontSeq }: RateLine, seq: number, waiting: readonly number[]): number {
  return waiting.filter((other) => other >= frontSeq && other < seq).length;
}

/** When the limit allows the next turn. */
function nextFreeMs({ takenAtMs }: RateLine, intervalMs: number, nowMs: number): number {
  return takenAtMs === null ? nowMs : Math.max(nowMs, takenAtMs + intervalMs);
}

/**
 * If all numbers given so far have had their turn, the line begins again with the new one. Some
 * that were due may be late, so it does not begin again before they had time to ask.
 */
function join(line: RateLine, intervalMs: number, nowMs: number): RateLine {
  const patienceMs = line.frontSeq === line.nextSeq ? 0 : FRONT_PATIENCE_MS;
  const isIdle = dueAtMs(line, line.nextSeq, intervalMs, nowMs) + patienceMs < nowMs;
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
