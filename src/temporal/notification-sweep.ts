import { isDeadlineError } from './deadline';
import { BURST_PREFIX, type OverdueNotification } from '../domain/delivery';
import { eachConcurrently } from '../domain/concurrency';
import { newUuid } from '../domain/ids';
import { checkNotification, type CheckDeps } from './check-notification';
import type { NotificationWorkflows } from './notification-workflows';
import { isConnectionLost } from './unreachable';

const BATCH = 200;
const CONCURRENCY = 8;
/** The same for starts, each of which causes more work in Temporal. */
const START_CONCURRENCY = 4;
/** Minimum size of a burst. Fewer notifications get a workflow each. */
const SMALLEST_BURST = 16;
/** Bursts that may run concurrently. They take as long as their receivers. */
const MAX_BURSTS = 4;
/** Time until a notification may be checked again, in seconds. */
const AGAIN_AFTER_SECONDS = 60;
/** The same for one whose check failed, though Temporal is reachable. */
const AGAIN_AFTER_FAILURE_SECONDS = 10;

export interface SweepDeps extends CheckDeps {
  store: CheckDeps['store'] & {
    takeOverdue(limit: number, againAfterSeconds: number): Promise<OverdueNotification[]>;
    /** Finds those of the notifications that are still open and need a workflow. */
    stillOpen(notificationIds: readonly string[]): Promise<string[]>;
  };
  workflows: CheckDeps['workflows'] & Pick<NotificationWorkflows, 'start' | 'restart' | 'runBurst'>;
  /** Checks that Temporal responds. @throws an error if it does not */
  ping(): Promise<unknown>;
  /** Whether notifications without an attempt may share a workflow. */
  burst: boolean;
}

type ToStart = OverdueNotification & { how: 'start' | 'restart' };

/** Notifications of a batch that were not settled, and why. */
interface Unsettled {
  failed: string[];
  error?: unknown;
  /** Not checked, because Temporal became unreachable. */
  left: string[];
  timeoutsInARow: number;
  unreachable: boolean;
}

/**
 * Checks the overdue notifications. One that fails does not affect the others. While Temporal is
 * unreachable none is taken, so that all are checked as soon as it responds.
 */
export class NotificationSweep {
  private readonly bursts = new Set<Promise<void>>();
  private down = false;
  private stopped = false;

  constructor(private readonly deps: SweepDeps) {}

  /** Ends a sweep after its current batch. */
  stop(): void {
    this.stopped = true;
  }

  async run(): Promise<void> {
    if (!(await this.isReachable())) return;
    for (;;) {
      const overdue = await this.deps.store.takeOverdue(BATCH, AGAIN_AFTER_SECONDS);
      const { unreachable } = await this.settle(overdue);
      if (overdue.length < BATCH || unreachable || this.stopped) return;
    }
  }

  /** Logs when Temporal stops to respond, and when it responds again. */
  async isReachable(): Promise<boolean> {
    const { ping, log } = this.deps;
    try {
      await ping();
      if (this.down) log.info('Temporal responds again; the reconciler checks what is overdue');
      this.down = false;
    } catch (err) {
      if (!this.down) log.warn({ err }, 'Temporal does not respond; the reconciler waits for it');
      this.down = true;
    }
    return !this.down;
  }

  private async settle(overdue: readonly OverdueNotification[]): Promise<Unsettled> {
    const unsettled: Unsettled = { failed: [], left: [], timeoutsInARow: 0, unreachable: false };
    const toStart: ToStart[] = [];
    await this.each(overdue, unsettled, CONCURRENCY, async (notification) => {
      const how = await checkNotification(this.deps, notification);
      if (how) toStart.push({ ...notification, how });
    });
    await this.startWorkflows(await this.withoutClosed(toStart), unsettled);
    await this.report(unsettled);
    return unsettled;
  }

  private each<T extends OverdueNotification>(
    notifications: readonly T[],
    unsettled: Unsettled,
    concurrency: number,
    work: (notification: T) => Promise<unknown>,
  ): Promise<void> {
    return eachConcurrently(notifications, concurrency, async (notification) => {
      if (unsettled.unreachable || this.stopped) return void unsettled.left.push(notification.notificationId);
      try {
        await work(notification);
        unsettled.timeoutsInARow = 0;
      } catch (error) {
        unsettled.failed.push(notification.notificationId);
        unsettled.error ??= error;
        unsettled.timeoutsInARow += isDeadlineError(error) ? 1 : 0;
        unsettled.unreachable ||= isConnectionLost(error) || unsettled.timeoutsInARow >= CONCURRENCY;
      }
    });
  }

  /** One line for a batch, however many failed. */
  private async report({ failed, error, left, unreachable }: Unsettled): Promise<void> {
    const { store, log } = this.deps;
    if (failed.length > 0)
      log.warn(
        { err: error, notifications: failed.length, notificationId: failed[0] },
        'checking notifications failed; they are checked again',
      );
    await store.checkAgain(failed, unreachable ? 0 : AGAIN_AFTER_FAILURE_SECONDS);
    await store.checkAgain(left, 0);
  }

  /**
   * Leaves out what was started and closed since the sweep read it. Another start would repeat its
   * ladder.
   */
  private async withoutClosed(notifications: readonly ToStart[]): Promise<ToStart[]> {
    const ran = notifications.filter(({ how }) => how === 'restart');
    if (ran.length === 0) return [...notifications];
    const open = new Set(await this.deps.store.stillOpen(ran.map(({ notificationId }) => notificationId)));
    return notifications.filter(({ how, notificationId }) => how === 'start' || open.has(notificationId));
  }

  /**
   * A crash during a spike leaves many notifications, which would take long to start one by one.
   */
  private async startWorkflows(notifications: readonly ToStart[], unsettled: Unsettled): Promise<void> {
    const { workflows, metrics, burst } = this.deps;
    const burstable = notifications.filter(({ unattempted, lane }) => burst && unattempted && lane === 'fast');
    const inBurst = burstable.length >= SMALLEST_BURST;
    const alone = inBurst ? notifications.filter((notification) => !burstable.includes(notification)) : notifications;
    await this.each(alone, unsettled, START_CONCURRENCY, async (notification) => {
      // One that never ran may be started by others meanwhile, and be closed soon.
      const started = notification.how === 'restart' ? workflows.restart(notification) : workflows.start(notification);
      if (await started) metrics.started.inc({ by: 'relay' });
    });
    if (inBurst) await this.startBurst(burstable.map(({ notificationId }) => notificationId));
  }

  /** The sweep does not wait for the receivers of a burst, unless too many bursts run. */
  private async startBurst(notificationIds: string[]): Promise<void> {
    const { workflows, store, log } = this.deps;
    while (this.bursts.size >= MAX_BURSTS) await Promise.race(this.bursts);
    const running = workflows
      .runBurst(BURST_PREFIX + newUuid(), notificationIds)
      .catch(async (err: unknown) => {
        if (this.stopped) return;
        log.warn({ err, notifications: notificationIds.length }, 'starting a burst failed; it is repeated');
        await store.checkAgain(notificationIds, AGAIN_AFTER_FAILURE_SECONDS);
      })
      .catch(() => undefined)
      .finally(() => this.bursts.delete(running));
    this.bursts.add(running);
  }
}
