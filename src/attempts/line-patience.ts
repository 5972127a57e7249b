import { LRUCache } from 'lru-cache';
import { FRONT_PATIENCE_MS } from '../domain/rate-line';

/** After this time without a question, a line was silent. */
const SILENCE_MS = 5000;
/**
 * How long the front is waited for after that. An attempt that failed because Postgres was away is
 * tried again every 5 s.
 */
const AFTER_SILENCE_MS = 10_000;
/** Lines that are remembered. One that was forgotten counts as silent. */
const MAX_LINES = 10_000;

interface Asked {
  atMs: number;
  /** The front at the end of the last silence, and since when it is waited for. */
  front: number;
  sinceMs: number;
}

/**
 * Since when the front of a line is waited for. While nobody asks for a turn, because Temporal,
 * Postgres or this process is away, the patience with it does not count. Else all of a line would
 * be made in the order in which they happen to ask afterwards. Ten seconds of it are left then,
 * once for each front, so that one that never asks holds up nobody for long. All times are
 * milliseconds by the clock of Postgres.
 */
export class LinePatience {
  private readonly lines = new LRUCache<string, Asked>({ max: MAX_LINES });

  /**
   * Notes that somebody asks.
   *
   * @returns the time before which the wait for the front does not count
   */
  since(subscriptionId: string, frontSeq: number, nowMs: number): number {
    const last = this.lines.get(subscriptionId);
    const isSilent = last === undefined || nowMs - last.atMs > SILENCE_MS;
    const isNewFront = isSilent && last?.front !== frontSeq;
    const asked = isNewFront
      ? { front: frontSeq, sinceMs: nowMs - FRONT_PATIENCE_MS + AFTER_SILENCE_MS }
      : { front: last!.front, sinceMs: last!.sinceMs };
    this.lines.set(subscriptionId, { atMs: nowMs, ...asked });
    return asked.front === frontSeq ? asked.sinceMs : -Infinity;
  }
}
