import type { Logger } from 'pino';
import { BURST_PREFIX, type NotificationRef } from '../domain/delivery';
import { newUuid } from '../domain/ids';
import { notificationWorkflowId } from '../domain/types';
import type { Metrics } from '../process/metrics';
import type { NotificationWorkflows } from './notification-workflows';
import { StartLimit } from './start-limit';

/** Size of the start queue. While it is full, the API refuses events. */
const MAX_WAITING = 50_000;
/** Workflows of their own that may wait or be starting before notifications gather in bursts. */
const MAX_OWN_WHILE_CALM = 4;
/**
 * Maximum size of a burst. If all attempts of four bursts fail, Temporal takes about 70 s to start
 * a workflow for each notification, and the activity of a burst may take two minutes.
 */
const MAX_BURST = 1000;
/**
 * How long a burst gathers. Nothing is delayed by it: the first attempts are being made meanwhile.
 */
const BURST_GATHERS_MS = 500;
/**
 * A burst with fewer notifications ends bursting: starting them one by one would have cost no more.
 */
const CALM_BURST = 16;
/** Maximum number of concurrent bursts. */
const MAX_RUNNING_BURSTS = 4;
/**
 * Delay before a start. A start causes tens of milliseconds of work, here and in Temporal. After
 * the delay, the response to the producer and the request of the head start have been sent. A
 * longer delay would only move the work onto the next event.
 */
const START_AFTER_MS = 5;

/** A notification that needs a workflow. */
export interface NotificationToStart extends NotificationRef {
  /** Whether this process is making its first attempt. Only then may it join a burst. */
  hasHeadStart: boolean;
}

export interface WorkflowStarterOptions {
  /** Whether notifications may be gathered into bursts. */
  burst: boolean;
  /** Resolves when the workflow of a notification has taken over its head start. */
  taken(notificationId: string): Promise<void>;
}

interface Burst {
  workflowId: string;
  notificationIds: string[];
  since: number;
}

/**
 * Starts the workflows of accepted notifications, a few concurrently: a start costs Temporal far
 * more than a delivery costs us. What fails here, or is lost with the process, the reconciler finds
 * in Postgres.
 *
 * The starter is in one of these states:
 *
 * - CALM
 * - BURSTING
 * - CLOSED
 *
 * In CALM and BURSTING, a failed start drops everything that waits and leaves the state as it is:
 * while Temporal is unavailable, waiting notifications would only fill the memory.
 *
 * ## CALM
 *
 * The initial state. Every notification gets a workflow of its own.
 *
 * - Starts begin 5 ms after `enqueue`, as many concurrently as {@link StartLimit} allows.
 * - The start of a notification with a head start ends when its workflow has taken the head start
 *   over.
 * - A notification with a head start arrives while 4 others (or the start limit, if that is lower)
 *   wait or are being started, and bursts are allowed: BURSTING.
 * - `close` is called: CLOSED.
 *
 * ## BURSTING
 *
 * Notifications arrive faster than Temporal starts workflows. Those with a head start join the
 * newest burst, one workflow for at most 1,000 of them. Those without one still get a workflow of
 * their own.
 *
 * - A burst starts when it is full, or 500 ms after its first notification. At most 4 bursts run
 *   concurrently; others wait and keep gathering.
 * - A burst with fewer than 16 notifications starts: CALM.
 * - `close` is called: CLOSED.
 *
 * ## CLOSED
 *
 * Nothing is started any more. What waited is dropped, and `close` resolves when the running starts
 * and bursts have ended.
 */
export class WorkflowStarter {
  private readonly own: NotificationToStart[] = [];
  private readonly bursts: Burst[] = [];
  private readonly limit = new StartLimit();
  private running = 0;
  private runningBursts = 0;
  private burstTimer: NodeJS.Timeout | undefined;
  private pumpTimer: NodeJS.Timeout | undefined;
  private calm = true;
  private closed = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly workflows: Pick<NotificationWorkflows, 'start' | 'runBurst'>,
    private readonly options: WorkflowStarterOptions,
    private readonly metrics: Metrics,
    private readonly log: Logger,
  ) {}

  /** Whether the start queue has room, so that more events may be accepted. */
  get hasRoom(): boolean {
    return this.waiting < MAX_WAITING;
  }

  /**
   * Queues notifications, whose workflows are started in the background.
   *
   * @returns the id of each notification's workflow, in order
   */
  enqueue(notifications: readonly NotificationToStart[]): string[] {
    const workflowIds = notifications.map((notification) =>
      this.mayJoinBurst(notification) ? this.joinBurst(notification) : this.startAlone(notification),
    );
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

  private get waiting(): number {
    return this.own.length + this.bursts.reduce((sum, { notificationIds }) => sum + notificationIds.length, 0);
  }

  private mayJoinBurst({ hasHeadStart }: NotificationToStart): boolean {
    if (!this.options.burst || !hasHeadStart) return false;
    if (this.running + this.own.length >= Math.min(MAX_OWN_WHILE_CALM, this.limit.value)) this.calm = false;
    return !this.calm;
  }

  private startAlone(notification: NotificationToStart): string {
    this.own.push(notification);
    return notificationWorkflowId(notification.notificationId);
  }

  private joinBurst({ notificationId }: NotificationToStart): string {
    let burst = this.bursts.at(-1);
    if (!burst || burst.notificationIds.length >= MAX_BURST) {
      burst = { workflowId: BURST_PREFIX + newUuid(), notificationIds: [], since: performance.now() };
      this.bursts.push(burst);
    }
    burst.notificationIds.push(notificationId);
    return burst.workflowId;
  }

  private pump(): void {
    if (this.closed) return;
    while (this.own.length > 0 && this.running < this.limit.value) void this.run(this.own.shift()!);
    while (this.bursts.length > 0 && this.runningBursts < MAX_RUNNING_BURSTS) {
      const [{ since, notificationIds }] = this.bursts as [Burst];
      const leftMs = since + BURST_GATHERS_MS - performance.now();
      if (notificationIds.length < MAX_BURST && leftMs > 0) {
        this.burstTimer ??= setTimeout(() => {
          this.burstTimer = undefined;
          this.pump();
        }, leftMs);
        break;
      }
      if (notificationIds.length < CALM_BURST) this.calm = true;
      void this.runBurst(this.bursts.shift()!);
    }
    this.metrics.startQueue.set(this.waiting);
    this.metrics.startConcurrency.set(this.limit.value);
  }

  private async run(notification: NotificationToStart): Promise<void> {
    this.running += 1;
    const startedAt = performance.now();
    try {
      if (await this.workflows.start(notification)) this.metrics.started.inc({ by: 'accept' });
      this.limit.note(performance.now() - startedAt);
      // In a spike, starts would outrun completions. So the next start waits until this workflow
      // does its work.
      if (notification.hasHeadStart) await this.options.taken(notification.notificationId);
    } catch (error) {
      this.limit.failed();
      this.fail(error, 1);
    }
    this.running -= 1;
    this.ended();
  }

  private async runBurst({ workflowId, notificationIds }: Burst): Promise<void> {
    this.runningBursts += 1;
    try {
      await this.workflows.runBurst(workflowId, notificationIds);
      this.metrics.started.inc({ by: 'burst' });
      this.metrics.burstSize.observe(notificationIds.length);
    } catch (error) {
      this.fail(error, notificationIds.length);
    }
    this.runningBursts -= 1;
    this.ended();
  }

  private fail(err: unknown, notifications: number): void {
    this.log.warn({ err, notifications }, 'starting a workflow failed; the reconciler will start what is missing');
    this.drop();
  }

  private drop(): void {
    this.own.length = 0;
    this.bursts.length = 0;
  }

  private ended(): void {
    this.pump();
    if (this.running + this.runningBursts === 0) for (const resolve of this.idle.splice(0)) resolve();
  }
}
