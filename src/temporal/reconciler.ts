import type { Logger } from 'pino';
import { BURST_PREFIX, type OverdueNotification } from '../domain/delivery';
import { eachConcurrently } from '../domain/concurrency';
import { newUuid } from '../domain/ids';
import type { Metrics } from '../process/metrics';
import type { NotificationWorkflows } from './notification-workflows';

const SWEEP_INTERVAL_MS = 5000;
const BATCH = 200;
const CONCURRENCY = 8;
/** Minimum size of a burst. Fewer notifications get a workflow each. */
const SMALLEST_BURST = 16;
/** Time until a notification may be checked again, in seconds. */
const AGAIN_AFTER_SECONDS = 60;
/** Time without progress after which settlements and recoveries are checked, in seconds. */
const UNSETTLED_AFTER_SECONDS = 30;
/** Forgotten holds are rare, so only every sixth sweep looks for them. */
const SWEEPS_BETWEEN_HOLD_CHECKS = 6;

/** What the reconciler reads and writes in Postgres. */
export interface ReconcilerStore {
  takeOverdue(limit: number, againAfterSeconds: number): Promise<OverdueNotification[]>;
  /** Finds which notifications are still open and need a workflow. */
  stillOpen(notificationIds: readonly string[]): Promise<string[]>;
  /** Records that an operator terminated the workflow. */
  cancel(notificationId: string): Promise<void>;
  findUnsettled(olderThanSeconds: number): Promise<string[]>;
  /** Finds held notifications that no settlement releases, and marks their subscriptions. */
  markForgottenHolds(): Promise<string[]>;
}

/** An overdue notification that has no running workflow. */
interface WithoutWorkflow extends OverdueNotification {
  /** Whether a workflow of it was closed. */
  ran: boolean;
}

export interface ReconcilerDeps {
  store: ReconcilerStore;
  workflows: Pick<NotificationWorkflows, 'start' | 'restart' | 'describe' | 'retry' | 'runBurst'>;
  /** Whether notifications without an attempt may share a workflow. */
  burst: boolean;
  startSettling(subscriptionIds: string[]): Promise<void>;
  /** Restarts the workflows of recoveries without progress. */
  resumeRecoveries(olderThanSeconds: number): Promise<void>;
  metrics: Metrics;
  log: Logger;
}

/**
 * The only sweep of the service. It finds what is open in Postgres but has no running workflow, and
 * starts or wakes the workflow by its deterministic id. Causes are a crash between accept and
 * start, an unavailable or wiped Temporal, or a workflow that was terminated manually. In normal
 * times it finds nothing.
 */
export class Reconciler {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;
  private sweeps = 0;
  private stopped = false;

  constructor(private readonly deps: ReconcilerDeps) {}

  start(): void {
    this.schedule(0);
  }

  /** Stops sweeping and waits for the current sweep. */
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
          this.deps.log.warn({ err: error }, 'a sweep of the reconciler failed; it will be repeated'),
        )
        // Random intervals keep several processes from sweeping at the same time.
        .finally(() => this.schedule(SWEEP_INTERVAL_MS * (0.75 + Math.random() / 2)));
    }, afterMs);
  }

  /** Runs one sweep. Public for tests, which cannot wait for the timer. */
  async sweep(): Promise<void> {
    const { store, startSettling } = this.deps;
    for (;;) {
      const overdue = await store.takeOverdue(BATCH, AGAIN_AFTER_SECONDS);
      const toStart: WithoutWorkflow[] = [];
      await eachConcurrently(overdue, CONCURRENCY, async (notification) => {
        const ran = await this.ranBefore(notification);
        if (ran !== undefined) toStart.push({ ...notification, ran });
      });
      await this.startWorkflows(await this.withoutClosed(toStart));
      if (overdue.length < BATCH || this.stopped) break;
    }
    const unsettled = await store.findUnsettled(UNSETTLED_AFTER_SECONDS);
    const forgotten = this.sweeps++ % SWEEPS_BETWEEN_HOLD_CHECKS === 0 ? await store.markForgottenHolds() : [];
    await startSettling([...unsettled, ...forgotten]);
    await this.deps.resumeRecoveries(UNSETTLED_AFTER_SECONDS);
  }

  /**
   * Leaves out what was started and closed since the sweep read it. Another start would repeat its
   * ladder.
   */
  private async withoutClosed(notifications: readonly WithoutWorkflow[]): Promise<WithoutWorkflow[]> {
    const ran = notifications.filter((notification) => notification.ran);
    if (ran.length === 0) return [...notifications];
    const open = new Set(await this.deps.store.stillOpen(ran.map(({ notificationId }) => notificationId)));
    return notifications.filter((notification) => !notification.ran || open.has(notification.notificationId));
  }

  /**
   * A crash during a spike leaves many notifications, which would take long to start one by one.
   */
  private async startWorkflows(notifications: readonly WithoutWorkflow[]): Promise<void> {
    const { workflows, metrics, burst } = this.deps;
    const burstable = notifications.filter(({ unattempted, lane }) => burst && unattempted && lane === 'fast');
    const inBurst = burstable.length >= SMALLEST_BURST;
    if (inBurst) {
      await workflows.runBurst(
        BURST_PREFIX + newUuid(),
        burstable.map(({ notificationId }) => notificationId),
      );
    }
    await eachConcurrently(
      inBurst ? notifications.filter((notification) => !burstable.includes(notification)) : notifications,
      CONCURRENCY,
      async (notification) => {
        // One that never ran may be started by others meanwhile, and be closed soon.
        const started = notification.ran ? workflows.restart(notification) : workflows.start(notification);
        if (await started) metrics.started.inc({ by: 'relay' });
      },
    );
  }

  /** @returns whether its workflow ran before; undefined if it needs none now */
  private async ranBefore(notification: OverdueNotification): Promise<boolean | undefined> {
    const { workflows, store, metrics, log } = this.deps;
    const workflow = await workflows.describe(notification.notificationId);
    if (workflow?.status.name === 'RUNNING') {
      // The retry signal was lost, because Temporal was unavailable when the retry was requested.
      if (notification.retryAsked) await workflows.retry(notification);
      return undefined;
    }
    metrics.reconciled.inc();
    if (workflow?.status.name === 'TERMINATED' && workflow.closeTime && workflow.closeTime > notification.openedAt) {
      log.info(
        { notificationId: notification.notificationId },
        'the workflow was terminated manually; the notification is cancelled',
      );
      await store.cancel(notification.notificationId);
      return undefined;
    }
    return workflow !== undefined;
  }
}
