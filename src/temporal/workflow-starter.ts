import type { Logger } from 'pino';
import type { NotificationRef } from '../domain/delivery';
import { FairBound } from '../domain/fair-bound';
import { TenantTurns } from '../domain/tenant-turns';
import { notificationWorkflowId } from '../domain/types';
import type { Metrics } from '../process/metrics';
import { BurstQueue, type Burst } from './burst-queue';
import type { NotificationWorkflows } from './notification-workflows';
import { slowStartsOf, type PacedQueue } from '../process/paced-queue';
import { SlowBursts } from './slow-bursts';
import { StartLimit } from './start-limit';
import { StartOutage } from './start-outage';

/** Notifications that may wait for a start: in all, and of one customer. */
export interface StartQueueLimits {
  total: number;
  perCustomer: number;
}

/** The defaults of the settings. */
const DEFAULT_LIMITS: StartQueueLimits = { total: 50_000, perCustomer: 20_000 };
/** Workflows of their own that may wait or be starting before notifications gather in bursts. */
const MAX_OWN_WHILE_CALM = 4;
/**
 * A burst with fewer notifications ends bursting: starting them one by one would have cost no more.
 */
const CALM_BURST = 16;
/** Maximum number of concurrent bursts. */
const MAX_RUNNING_BURSTS = 4;
/** Of these, bursts of one customer, or shared ones. So each of the two always gets a turn. */
const MAX_RUNNING_BURSTS_PER_KEY = 3;
/**
 * Delay before a start. A start causes tens of milliseconds of work, here and in Temporal. After
 * the delay, the response to the producer and the request of the head start have been sent. A
 * longer delay would only move the work onto the next event.
 */
const START_AFTER_MS = 5;

/** Nothing keeps a start from its turn: the start limit is the same for all. */
const unblocked = () => undefined;

/** A notification that needs a workflow. */
export interface NotificationToStart extends NotificationRef {
  /** Whether this process is making its first attempt. Only then may it join a burst. */
  hasHeadStart: boolean;
}

export interface WorkflowStarterOptions {
  /** Whether notifications may be gathered into bursts. */
  burst: boolean;
  /** Resolves when the workflow of a notification has taken over its head start. */
  whenTakenOver(notificationId: string): Promise<void>;
  /** The calls to Temporal that no producer or receiver waits for. */
  paced: Pick<PacedQueue, 'run'>;
  /** @default 50,000 in all, 20,000 of one customer */
  limits?: StartQueueLimits;
}

/**
 * Starts the workflows of accepted notifications, a few concurrently: a start costs Temporal far
 * more than a delivery costs us. Customers take turns. What fails here, or is lost with the
 * process, the reconciler finds in Postgres.
 *
 * The starter is in one of these states:
 *
 * - CALM
 * - BURSTING
 * - CLOSED
 *
 * In CALM and BURSTING, a failed start is left to the reconciler. If Temporal is unreachable, so is
 * everything that waits: it would only fill the memory. The state stays as it is.
 *
 * ## CALM
 *
 * The initial state. Every notification gets a workflow of its own.
 *
 * - Starts begin 5 ms after `enqueue`, as many concurrently as {@link StartLimit} allows.
 * - The first attempt of a notification in the slow lane waits for a place there anyway. So its
 *   start is one of the paced calls of its customer, and leaves Temporal to others.
 * - The start of a notification with a head start ends when its workflow has taken the head start
 *   over.
 * - A notification with a head start arrives while 4 others (or the start limit, if that is lower)
 *   wait or are being started, and bursts are allowed: BURSTING.
 * - `close` is called: CLOSED.
 *
 * ## BURSTING
 *
 * Notifications arrive faster than Temporal starts workflows. Those with a head start join a burst
 * ({@link BurstQueue}), one workflow for at most 1,000 of them. Those without one still get a
 * workflow of their own.
 *
 * - A burst starts when it is full, or 500 ms after its first notification. At most 4 bursts run
 *   concurrently; others wait and keep gathering. One that waits for slow receivers does not count
 *   after 1 s ({@link SlowBursts}).
 * - A burst with fewer than 16 notifications starts, and no other waits or gathers: CALM.
 * - `close` is called: CLOSED.
 *
 * ## CLOSED
 *
 * Nothing is started any more. What waited is dropped, and `close` resolves when the running starts
 * and bursts have ended.
 */
export class WorkflowStarter {
  private readonly own = new TenantTurns<NotificationToStart>();
  private readonly bursts = new BurstQueue();
  private readonly slow = new SlowBursts();
  /** Counts what waits, in both queues. */
  private readonly waiting: FairBound;
  private readonly outage: StartOutage;
  private readonly limit = new StartLimit();
  private running = 0;
  private runningBursts = 0;
  private readonly runningByKey = new Map<string, number>();
  private burstTimer: NodeJS.Timeout | undefined;
  private pumpTimer: NodeJS.Timeout | undefined;
  private calm = true;
  private closed = false;
  /** How often what waited was dropped. */
  private drops = 0;
  private idle: (() => void)[] = [];

  constructor(
    private readonly workflows: Pick<NotificationWorkflows, 'start' | 'runBurst'>,
    private readonly options: WorkflowStarterOptions,
    private readonly metrics: Metrics,
    log: Logger,
  ) {
    const { total, perCustomer } = options.limits ?? DEFAULT_LIMITS;
    this.waiting = new FairBound(total, perCustomer);
    this.outage = new StartOutage(log);
  }

  /** Whether the start queue has room for this number of further notifications of a customer. */
  hasRoom(customerId: string, notifications: number): boolean {
    return this.waiting.hasRoom(customerId, notifications);
  }

  /**
   * Queues notifications, whose workflows are started in the background.
   *
   * @returns the id of each notification's workflow, in order
   */
  enqueue(notifications: readonly NotificationToStart[]): string[] {
    const workflowIds = notifications.map((notification) => {
      this.waiting.take(notification.customerId, 1);
      if (this.mayJoinBurst(notification)) return this.bursts.join(notification);
      if (notification.lane === 'slow' && !notification.hasHeadStart) this.startPaced(notification);
      else this.own.push(notification);
      return notificationWorkflowId(notification.notificationId);
    });
    if (notifications.length > 0) {
      this.pumpTimer ??= setTimeout(() => {
        this.pumpTimer = undefined;
        this.pump();
      }, START_AFTER_MS);
    }
    return workflowIds;
  }

  /**
   * Drops what waits, and waits for the running starts and bursts. A reconciler finds what was
   * dropped.
   */
  async close(): Promise<void> {
    this.closed = true;
    this.drop();
    if (this.running + this.runningBursts > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private mayJoinBurst({ hasHeadStart }: NotificationToStart): boolean {
    if (!this.options.burst || !hasHeadStart) return false;
    if (this.running + this.own.size >= Math.min(MAX_OWN_WHILE_CALM, this.limit.value)) this.calm = false;
    return !this.calm;
  }

  private startPaced(notification: NotificationToStart): void {
    const { customerId } = notification;
    const drops = this.drops;
    void this.options.paced.run(slowStartsOf(customerId), async () => {
      if (this.drops !== drops) return;
      this.waiting.giveBack(customerId, 1);
      await this.run(notification);
    });
  }

  private pump(): void {
    if (this.closed) return;
    while (this.running < this.limit.value) {
      const next = this.own.take(unblocked);
      if (!next) break;
      this.waiting.giveBack(next.customerId, 1);
      void this.run(next);
    }
    while (this.runningBursts < MAX_RUNNING_BURSTS) {
      const burst = this.bursts.take();
      if (!burst) break;
      for (const [customerId, count] of burst.counts) this.waiting.giveBack(customerId, count);
      if (burst.notificationIds.length < CALM_BURST && this.bursts.isEmpty) this.calm = true;
      void this.runBurst(burst);
    }
    this.pumpWhenGathered();
    this.metrics.startQueue.set(this.waiting.inUse);
    this.metrics.startConcurrency.set(this.limit.value);
  }

  private pumpWhenGathered(): void {
    const inMs = this.bursts.nextInMs;
    if (inMs === undefined || this.runningBursts >= MAX_RUNNING_BURSTS) return;
    this.burstTimer ??= setTimeout(() => {
      this.burstTimer = undefined;
      this.pump();
    }, inMs);
  }

  private async run(notification: NotificationToStart): Promise<void> {
    this.running += 1;
    const startedAt = performance.now();
    try {
      if (await this.workflows.start(notification)) this.metrics.started.inc({ by: 'accept' });
      this.outage.succeeded();
      this.limit.note(performance.now() - startedAt);
      // In a spike, starts would outrun completions. So the next start waits until this workflow
      // does its work.
      if (notification.hasHeadStart) await this.options.whenTakenOver(notification.notificationId);
    } catch (error) {
      this.limit.failed();
      this.fail(error, 1);
    }
    this.running -= 1;
    this.ended();
  }

  private async runBurst({ workflowId, key, notificationIds, traces }: Burst): Promise<void> {
    this.runningBursts += 1;
    const running = (this.runningByKey.get(key) ?? 0) + 1;
    this.runningByKey.set(key, running);
    if (running === MAX_RUNNING_BURSTS_PER_KEY) this.bursts.pause(key);
    const run = this.workflows.runBurst(workflowId, notificationIds, [...traces]).then(
      () => {
        this.outage.succeeded();
        this.metrics.started.inc({ by: 'burst' });
        this.metrics.burstSize.observe(notificationIds.length);
      },
      (error: unknown) => this.fail(error, notificationIds.length),
    );
    await this.slow.endOrLinger(key, run);
    this.runningBursts -= 1;
    const left = this.runningByKey.get(key)! - 1;
    if (left > 0) this.runningByKey.set(key, left);
    else this.runningByKey.delete(key);
    this.bursts.resume(key);
    this.ended();
  }

  private fail(error: unknown, notifications: number): void {
    const isUnreachable = this.outage.failed(error, notifications);
    this.metrics.startsLeft.inc({ cause: isUnreachable ? 'unreachable' : 'failed' }, notifications);
    if (!isUnreachable) return;
    this.outage.leftOut(this.waiting.inUse);
    this.metrics.startsLeft.inc({ cause: 'unreachable' }, this.waiting.inUse);
    this.drop();
  }

  private drop(): void {
    this.drops += 1;
    this.own.drain();
    this.bursts.clear();
    this.waiting.clear();
  }

  private ended(): void {
    this.pump();
    if (this.running + this.runningBursts === 0) for (const resolve of this.idle.splice(0)) resolve();
  }
}
