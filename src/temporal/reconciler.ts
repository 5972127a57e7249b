import type { Logger } from 'pino';
import { BURST_PREFIX, type OverdueNotification } from '../domain/delivery';
import { newUuid } from '../domain/ids';
import type { Metrics } from '../process/metrics';
import type { NotificationWorkflows } from './notification-workflows';

const SWEEP_INTERVAL_MS = 5000;
const BATCH = 200;
const CONCURRENCY = 8;
/** Fewer are started one by one. */
const SMALLEST_BURST = 16;
/** A notification that was looked at is left alone for this long, in seconds. */
const AGAIN_AFTER_SECONDS = 60;
const UNSETTLED_AFTER_SECONDS = 30;
/** Forgotten holds are rare and healed slowly: every so many sweeps. */
const SWEEPS_BETWEEN_HOLD_CHECKS = 6;

/** What the relay reads and writes in Postgres. */
export interface RelayStore {
  takeOverdue(limit: number, againAfterSeconds: number): Promise<OverdueNotification[]>;
  /** Records that an operator ended the workflow. */
  cancel(notificationId: string): Promise<void>;
  findUnsettled(olderThanSeconds: number): Promise<string[]>;
  /** Finds held notifications that nobody releases, and marks their subscriptions. */
  markForgottenHolds(): Promise<string[]>;
}

export interface RelayDeps {
  store: RelayStore;
  workflows: Pick<NotificationWorkflows, 'start' | 'describe' | 'retry' | 'runBurst'>;
  /** Whether many that were never attempted may share a workflow. */
  burst: boolean;
  startSettling(subscriptionIds: string[]): Promise<void>;
  /** Sees to recoveries that have not moved for so long. */
  resumeRecoveries(olderThanSeconds: number): Promise<void>;
  metrics: Metrics;
  log: Logger;
}

/**
 * The only sweep of the service: finds what Postgres says is open and no workflow looks after (a crash between accept and start, Temporal
 * away or wiped, a workflow terminated by hand) and sees to it, by the same deterministic workflow ids. In normal times it finds nothing.
 */
export class Relay {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;
  private sweeps = 0;
  private stopped = false;

  constructor(private readonly deps: RelayDeps) {}

  start(): void {
    this.schedule(0);
  }

  /** Waits for the sweep under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.sweeping;
  }

  private schedule(afterMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.sweeping = this.sweep()
        .catch((error: unknown) =>
          this.deps.log.warn({ err: error }, 'a sweep of the relay failed; it will be repeated'),
        )
        // Several processes must not sweep in step.
        .finally(() => this.schedule(SWEEP_INTERVAL_MS * (0.75 + Math.random() / 2)));
    }, afterMs);
  }

  /** One pass; exported for tests, which cannot wait for the clock. */
  async sweep(): Promise<void> {
    const { store, startSettling } = this.deps;
    for (;;) {
      const overdue = await store.takeOverdue(BATCH, AGAIN_AFTER_SECONDS);
      const toStart: OverdueNotification[] = [];
      await each(overdue, async (notification) => {
        if (await this.needsWorkflow(notification)) toStart.push(notification);
      });
      await this.startWorkflows(toStart);
      if (overdue.length < BATCH || this.stopped) break;
    }
    const unsettled = await store.findUnsettled(UNSETTLED_AFTER_SECONDS);
    const forgotten = this.sweeps++ % SWEEPS_BETWEEN_HOLD_CHECKS === 0 ? await store.markForgottenHolds() : [];
    await startSettling([...unsettled, ...forgotten]);
    await this.deps.resumeRecoveries(UNSETTLED_AFTER_SECONDS);
  }

  /** After a crash in a flood many are found at once, and would take long to start one by one. */
  private async startWorkflows(notifications: readonly OverdueNotification[]): Promise<void> {
    const { workflows, metrics, burst } = this.deps;
    const together = notifications.filter(({ unattempted, lane }) => burst && unattempted && lane === 'fast');
    const inBurst = together.length >= SMALLEST_BURST;
    if (inBurst) {
      await workflows.runBurst(
        BURST_PREFIX + newUuid(),
        together.map(({ notificationId }) => notificationId),
      );
    }
    await each(
      inBurst ? notifications.filter((one) => !together.includes(one)) : notifications,
      async (notification) => {
        if (await workflows.start(notification)) metrics.started.inc({ by: 'relay' });
      },
    );
  }

  private async needsWorkflow(notification: OverdueNotification): Promise<boolean> {
    const { workflows, store, metrics, log } = this.deps;
    const workflow = await workflows.describe(notification.notificationId);
    if (workflow?.status.name === 'RUNNING') {
      // The signal was lost where Temporal was away when somebody asked for a retry.
      if (notification.retryAsked) await workflows.retry(notification);
      return false;
    }
    metrics.relayed.inc();
    if (workflow?.status.name === 'TERMINATED' && workflow.closeTime && workflow.closeTime > notification.openedAt) {
      log.info({ notificationId: notification.notificationId }, 'the workflow was terminated by hand: cancelled');
      await store.cancel(notification.notificationId);
      return false;
    }
    return true;
  }
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
