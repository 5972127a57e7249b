const INTERVAL_MS = 60_000;
/** Texts that are remembered. Beyond it, all are forgotten, and their next lines are written. */
const MAX_TEXTS = 500;
const MAX_TEXT_LENGTH = 120;
/** Run ids, as in the warnings of Temporal's SDK about single workflows. */
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * Lets a text that differs only in its numbers and UUIDs pass at most once a minute, so that an
 * outage does not fill the log.
 */
export class RepeatedLines {
  private readonly seen = new Map<string, { until: number; suppressed: number }>();

  /** @returns how many were suppressed since the last one that passed; undefined if this one is */
  admit(text: string): number | undefined {
    const key = text.replace(UUID, '#').replace(/\d+/g, '#').slice(0, MAX_TEXT_LENGTH);
    const now = performance.now();
    const last = this.seen.get(key);
    if (last && last.until > now) {
      last.suppressed += 1;
      return undefined;
    }
    if (this.seen.size >= MAX_TEXTS) this.seen.clear();
    this.seen.set(key, { until: now + INTERVAL_MS, suppressed: 0 });
    return last?.suppressed ?? 0;
  }
}
