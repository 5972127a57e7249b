/** How long after Postgres is back other processes get to record what they did meanwhile. */
const SETTLING_MS = 5000;

/**
 * Whether Postgres answers this process. All pools of a process share it.
 *
 * - AVAILABLE: the initial state. A lost connection or a refused statement moves it to AWAY.
 * - AWAY: the next statement that succeeds moves it to BACK.
 * - BACK: moves to AVAILABLE after 5 s, or to AWAY again.
 */
export class Availability {
  private isAway = false;
  private backAt = -Infinity;

  /** A connection was lost, or a statement failed because Postgres is unavailable. */
  lost(): void {
    this.isAway = true;
  }

  /** A statement succeeded. */
  answered(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.backAt = performance.now();
  }

  /** Whether it is AWAY or BACK. */
  get wasAway(): boolean {
    return this.isAway || performance.now() - this.backAt < SETTLING_MS;
  }
}
