import { eachConcurrently } from '../domain/concurrency';
import { NotificationSweep, type SweepDeps } from './notification-sweep';
import { PeriodicTask } from './periodic-task';

const SWEEP_INTERVAL_MS = 5000;
const PUBLISH_INTERVAL_MS = 2000;
/** Forgotten holds and terminated workflows are rare. */
const RARE_INTERVAL_MS = 30_000;
/** Seconds without progress after which settlements, recoveries and erasures are checked. */
const UNSETTLED_AFTER_SECONDS = 30;
const CONCURRENCY = 4;
/** How far back the first look for terminated workflows goes. */
const FIRST_LOOK_BACK_MS = 86_400_000;
/** How late Temporal may list a workflow that was closed. */
const LISTED_WITHIN_MS = 60_000;

/** What the reconciler reads and writes in Postgres. */
export interface ReconcilerStore {
  findUnsettled(olderThanSeconds: number): Promise<string[]>;
  /** Finds held notifications that no settlement releases, and marks their subscriptions. */
  markForgottenHolds(): Promise<string[]>;
  /** Moves lines of rate limits on whose front was given up, and marks them to be woken. */
  closeGaps(): Promise<string[]>;
  findStalledRecoveries(olderThanSeconds: number): Promise<string[]>;
  findStalledErasures(olderThanSeconds: number): Promise<string[]>;
  /** Adds the attempts since the last call to the response times of their subscriptions. */
  summariseResponseTimes(): Promise<void>;
  /** Has notifications checked in the next sweep, if they are open. */
  checkNow(notificationIds: readonly string[]): Promise<void>;
}

export interface ReconcilerDeps extends SweepDeps {
  store: SweepDeps['store'] & ReconcilerStore;
  startSettling(subscriptionId: string): Promise<void>;
  /** Events by which operators are notified. */
  operationalEvents: { publish(): Promise<void>; checkBacklog(): Promise<void> };
  /** Restarts the workflow of a recovery without progress. */
  resumeRecovery(recoveryId: string): Promise<void>;
  /** Restarts the workflow of an erasure without progress. */
  startErasure(erasureId: string): Promise<void>;
  /** Lists the notifications whose workflow was terminated since a time. */
  listTerminated(since: Date): Promise<string[]>;
}

/**
 * The only sweep of the service. It finds what is open in Postgres but has no running workflow, or
 * one that missed a signal, and starts or wakes the workflow by its deterministic id. Causes are a
 * crash between accept and start, an unavailable or wiped Temporal, or a workflow that was
 * terminated manually. In normal times it finds nothing.
 *
 * Notifications, settlements, holds, recoveries, erasures and terminated workflows are checked
 * independently, so that none waits for the others. The response times of attempts are summarised,
 * and operational events are published, at the same pace.
 */
export class Reconciler {
  private readonly notifications: NotificationSweep;
  private readonly tasks: PeriodicTask[];
  private terminatedSince = new Date(Date.now() - FIRST_LOOK_BACK_MS);

  constructor(private readonly deps: ReconcilerDeps) {
    const { store, operationalEvents, log } = deps;
    this.notifications = new NotificationSweep(deps);
    const task = (name: string, intervalMs: number, work: () => Promise<void>) =>
      new PeriodicTask(name, intervalMs, work, log);
    this.tasks = [
      task('terminated workflows', RARE_INTERVAL_MS, () => this.findTerminated()),
      task('notifications', SWEEP_INTERVAL_MS, () => this.notifications.run()),
      task('settlements', SWEEP_INTERVAL_MS, async () =>
        this.settle(await store.findUnsettled(UNSETTLED_AFTER_SECONDS)),
      ),
      task('forgotten holds', RARE_INTERVAL_MS, async () => this.settle(await store.markForgottenHolds())),
      task('gaps in lines', SWEEP_INTERVAL_MS, async () => this.settle(await store.closeGaps())),
      task('recoveries', SWEEP_INTERVAL_MS, () => this.resumeRecoveries()),
      task('erasures', SWEEP_INTERVAL_MS, () => this.restartErasures()),
      task('response times', RARE_INTERVAL_MS, () => store.summariseResponseTimes()),
      task('operational events', PUBLISH_INTERVAL_MS, () => operationalEvents.publish()),
      task('backlog', RARE_INTERVAL_MS, () => operationalEvents.checkBacklog()),
    ];
  }

  start(): void {
    for (const task of this.tasks) task.start();
  }

  /** Stops sweeping and waits for what is being checked. */
  async stop(): Promise<void> {
    this.notifications.stop();
    await Promise.all(this.tasks.map((task) => task.stop()));
  }

  /** Checks everything once. Public for tests, which cannot wait for the timers. */
  async sweep(): Promise<void> {
    for (const task of this.tasks) await task.run();
  }

  private settle(subscriptionIds: readonly string[]): Promise<void> {
    return this.each(subscriptionIds, 'starting a settlement failed', this.deps.startSettling);
  }

  private async resumeRecoveries(): Promise<void> {
    const stalled = await this.deps.store.findStalledRecoveries(UNSETTLED_AFTER_SECONDS);
    await this.each(stalled, 'resuming a recovery failed', this.deps.resumeRecovery);
  }

  private async restartErasures(): Promise<void> {
    const stalled = await this.deps.store.findStalledErasures(UNSETTLED_AFTER_SECONDS);
    await this.each(stalled, 'restarting an erasure failed', this.deps.startErasure);
  }

  /** They are due for a check only after their next attempt, which may be hours away. */
  private async findTerminated(): Promise<void> {
    if (!(await this.notifications.isReachable())) return;
    const now = Date.now();
    const terminated = await this.deps.listTerminated(this.terminatedSince);
    if (terminated.length > 0) await this.deps.store.checkNow(terminated);
    this.terminatedSince = new Date(now - LISTED_WITHIN_MS);
  }

  /** One that fails does not keep the others from their turn. One line, however many fail. */
  private async each(ids: readonly string[], message: string, work: (id: string) => Promise<void>): Promise<void> {
    const failures: { id: string; err: unknown }[] = [];
    await eachConcurrently(ids, CONCURRENCY, async (id) => {
      try {
        await work(id);
      } catch (err) {
        failures.push({ id, err });
      }
    });
    const [first] = failures;
    if (first) this.deps.log.warn({ ...first, failures: failures.length }, `${message}; it will be repeated`);
  }
}
