import { cancelOpen, endChecks, listOpen } from '../store/subscriptions/settling';
import type { ActivityDeps } from './deps';
import { withHeartbeats } from './with-heartbeats';

const PAGE = 1000;
/** How long the workflows of one subscription are signalled. */
const SIGNAL_MS = 300_000;
/** A signal costs Temporal far less than what its workflow does then. */
const PAUSES_AFTER_CANCEL = 4;

/** The subscription whose notifications are cancelled. */
export interface Cancelled {
  customerId: string;
  subscriptionId: string;
}

/**
 * Cancels the open notifications of a deleted subscription, and signals their workflows. The record
 * comes first, so it never waits for Temporal. The signals, each of which wakes a workflow, are
 * sent one by one for each customer. The reconciler sends those that are left after five minutes,
 * or after a crash.
 */
export class OpenCanceller {
  constructor(private readonly deps: Pick<ActivityDeps, 'db' | 'control' | 'paced' | 'log'>) {}

  /**
   * Cancels what is open, and signals in the background. A customer that deletes many subscriptions
   * would otherwise occupy the slots of all others until the last signal is sent.
   *
   * @returns whether any was open
   */
  async cancelAll({ customerId, subscriptionId }: Cancelled): Promise<boolean> {
    const open = await withHeartbeats(() => this.record(subscriptionId));
    this.signal(customerId, open).catch((err: unknown) =>
      this.deps.log.info({ err, subscriptionId }, 'cancelled workflows were not signalled; the reconciler will do it'),
    );
    return open.length > 0;
  }

  private async record(subscriptionId: string): Promise<string[]> {
    const { db } = this.deps;
    const open: string[] = [];
    for (let page = await listOpen(db, subscriptionId, PAGE); page.length > 0;) {
      await cancelOpen(db, page);
      open.push(...page);
      page = await listOpen(db, subscriptionId, PAGE);
    }
    return open;
  }

  private async signal(customerId: string, notificationIds: readonly string[]): Promise<void> {
    const { db, control, paced } = this.deps;
    const until = performance.now() + SIGNAL_MS;
    for (const notificationId of notificationIds) {
      if (performance.now() > until) break;
      await paced.run(`cancel ${customerId}`, () => control.cancel(notificationId), PAUSES_AFTER_CANCEL);
      await endChecks(db, [notificationId]);
    }
  }
}
