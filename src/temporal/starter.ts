import type { Logger } from 'pino';
import { BURST_PREFIX, type NotificationRef } from '../domain/delivery';
import { newUuid } from '../domain/ids';
import { notificationWorkflowId } from '../domain/types';
import type { Metrics } from '../process/metrics';
import type { NotificationWorkflows } from './notification-workflows';
import { StartLimit } from './start-limit';

/** Notifications that may wait here; beyond that the API refuses events until there is room. */
const MAX_WAITING = 50_000;
/** Workflows of their own under way before notifications gather in a burst: in calm times there are fewer. */
const OWN_AT_ONCE = 4;
/** Should all of four bursts fail, Temporal takes some 70 s to start a workflow for each; their activity has two minutes. */
const MAX_BURST = 1000;
/** A burst gathers for so long: nobody waits for it, since the first attempts are being made meanwhile. */
const BURST_GATHERS_MS = 500;
/** A burst of fewer than this says that calm has come back: it would have been as cheap to start them alone. */
const CALM_BURST = 16;
const BURSTS_AT_ONCE = 4;
/**
 * A start sets tens of milliseconds of work off, here and in Temporal: by then the answer to the producer and the request of the head start, which somebody
 * waits for, are on their way. Waiting longer would only move that work onto the next event.
 */
const START_AFTER_MS = 5;

/** A notification to be looked after by a workflow. */
export interface NotificationToStart extends NotificationRef {
  /** Its first attempt is being made by this process already; only then may it be part of a burst. */
  hasHeadStart: boolean;
}

export interface StarterOptions {
  /** Whether notifications may be gathered into bursts. */
  burst: boolean;
  /** Resolves when the workflow of a notification with a head start has come to taking it over. */
  taken(notificationId: string): Promise<void>;
}

interface Burst {
  workflowId: string;
  notificationIds: string[];
  since: number;
}

/**
 * Starts the workflows of accepted notifications, few at once: each costs Temporal far more than the delivery costs us. While that keeps up, every
 * notification gets a workflow of its own. When they come faster, those with a head start are gathered into bursts of one workflow each. What
 * fails here, or is lost with the process, the relay finds in Postgres.
 */
export class Starter {
  private readonly own: NotificationToStart[] = [];
  private readonly bursts: Burst[] = [];
  private readonly limit = new StartLimit();
  private running = 0;
  private runningBursts = 0;
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  private calm = true;
  private closed = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly workflows: Pick<NotificationWorkflows, 'start' | 'runBurst'>,
    private readonly options: StarterOptions,
    private readonly metrics: Metrics,
    private readonly log: Logger,
  ) {}

  /** Whether more events may be accepted. */
  get hasRoom(): boolean {
    return this.waiting < MAX_WAITING;
  }

  /**
   * Takes notifications to start; returns at once.
   *
   * @returns the id of the workflow that each gets, in order
   */
  enqueue(notifications: readonly NotificationToStart[]): string[] {
    const workflowIds = notifications.map((notification) =>
      this.mayJoinBurst(notification) ? this.joinBurst(notification) : this.startAlone(notification),
    );
    if (notifications.length > 0) {
      this.soon ??= setTimeout(() => {
        this.soon = undefined;
        this.pump();
      }, START_AFTER_MS);
    }
    return workflowIds;
  }

  /** Stops starting, and waits for the starts under way. What was not started is found by a relay. */
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
    if (this.running + this.own.length >= Math.min(OWN_AT_ONCE, this.limit.value)) this.calm = false;
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
    while (this.bursts.length > 0 && this.runningBursts < BURSTS_AT_ONCE) {
      const [{ since, notificationIds }] = this.bursts as [Burst];
      const leftMs = since + BURST_GATHERS_MS - performance.now();
      if (notificationIds.length < MAX_BURST && leftMs > 0) {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
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
      // A flood of starts would outrun the completions: the next start waits until this workflow has come to its work.
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
    this.log.warn({ err, notifications }, 'starting a workflow failed; the relay will start what needs one');
    // Where Temporal is away, what waits here would only fill the memory.
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
