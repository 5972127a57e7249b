import type { Logger } from 'pino';
import { isConnectionLost } from './unreachable';

/** Failures in a row after which Temporal counts as unreachable, whatever each of them says. */
const FAILURES_IN_A_ROW = 3;
/** Other failures are logged at most this often. */
const LOG_INTERVAL_MS = 60_000;

/**
 * Distinguishes an unreachable Temporal from a single failed start, and logs each outage once.
 *
 * - UP: a failure that means a lost connection, or the third failure in a row: DOWN, logged.
 * - DOWN: a start succeeds: UP, logged.
 */
export class StartOutage {
  private inARow = 0;
  private down = false;
  private notifications = 0;
  private loggedAt = -Infinity;

  constructor(private readonly log: Logger) {}

  succeeded(): void {
    this.inARow = 0;
    if (!this.down) return;
    this.down = false;
    const { notifications } = this;
    this.notifications = 0;
    this.log.info({ notifications }, 'Temporal starts workflows again; the reconciler starts those left out meanwhile');
  }

  /**
   * @param notifications - how many have no workflow now
   * @returns whether Temporal is unreachable
   */
  failed(err: unknown, notifications: number): boolean {
    this.inARow += 1;
    this.notifications += notifications;
    if (this.down) return true;
    if (isConnectionLost(err) || this.inARow >= FAILURES_IN_A_ROW) {
      this.down = true;
      this.log.warn({ err }, 'Temporal cannot be reached to start workflows; the reconciler starts what is missing');
      return true;
    }
    if (performance.now() - this.loggedAt > LOG_INTERVAL_MS) {
      this.loggedAt = performance.now();
      this.log.warn({ err, notifications }, 'starting a workflow failed; the reconciler will start it');
    }
    return false;
  }

  /** Notes notifications that are left out because Temporal is unreachable. */
  leftOut(notifications: number): void {
    this.notifications += notifications;
  }
}
