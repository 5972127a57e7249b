import { Context } from '@temporalio/activity';
import { cancelOpen, endChecks, listOpen } from '../store/subscriptions/settling';
import type { ActivityDeps } from './deps';
import type { PacedQueue } from './paced-queue';

const PAGE = 1000;
const HEARTBEAT_INTERVAL_MS = 10_000;
/** How long one call signals the workflows of what it cancelled. */
const SIGNAL_MS = 300_000;
/** A signal costs Temporal far less than what its workflow does then. */
const PAUSES_AFTER_CANCEL = 4;

/** The subscription whose notifications are cancelled. */
export interface Cancelled {
  customerId: string;
  subscriptionId: string;
}

/** Cancels the open notifications of a deleted subscription. */
export class OpenCanceller {
  constructor(
    private readonly deps: Pick<ActivityDeps, 'db' | 'control'>,
    private readonly paced: PacedQueue,
  ) {}

  /**
   * Cancels what is open, and signals the workflows. The record comes first, so it never waits for
   * Temporal. Nobody waits for the signals after that, each of which wakes a workflow: a customer's
   * are sent one by one. The reconciler sends those that are left after five minutes, or after a
   * crash.
   *
   * @returns whether any was open
   */
  async cancelAll({ customerId, subscriptionId }: Cancelled): Promise<boolean> {
    const { db, control } = this.deps;
    const context = Context.current();
    const heartbeat = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
    try {
      const open: string[] = [];
      for (let page = await listOpen(db, subscriptionId, PAGE); page.length > 0;) {
        await cancelOpen(db, page);
        open.push(...page);
        page = await listOpen(db, subscriptionId, PAGE);
      }
      const until = performance.now() + SIGNAL_MS;
      for (const notificationId of open) {
        if (performance.now() > until) break;
        await this.paced.run(`cancel ${customerId}`, () => control.cancel(notificationId), PAUSES_AFTER_CANCEL);
        await endChecks(db, [notificationId]);
      }
      return open.length > 0;
    } finally {
      clearInterval(heartbeat);
    }
  }
}
