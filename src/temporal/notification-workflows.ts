import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import type { LiveState, NotificationRef, RefToStart, RescheduleRequest } from '../domain/delivery';
import { fairnessKey } from '../domain/fairness';
import { notificationWorkflowId } from '../domain/types';
import type { deliverBurst, deliverNotification } from '../workflows';
import {
  cancelSignal,
  liveQuery,
  releaseSignal,
  rescheduleSignal,
  retrySignal,
  type CancelRequest,
  type RetryRequest,
} from '../workflows/messages';
import { NO_TRACING, type Tracing } from '../process/tracing';
import type { TemporalLink } from './connection';
import { callWithDeadline, isDeadlineError } from './deadline';
import { isInvalidArgument } from './refused-start';
import { searchAttributesOf } from './search-attributes';
import { listTerminated, readWorkflowState, type WorkflowState } from './workflow-state';

const LIVE_QUERY_TIMEOUT_MS = 2000;
/** The reconciler reads many states, so a slow one must not delay the others for long. */
const STATE_TIMEOUT_MS = 5000;
/**
 * How long callers wait for a burst. It ends with its first attempts, which take less unless many
 * go to a slow receiver.
 */
const BURST_TIMEOUT_MS = 60_000;

/**
 * A burst ends within minutes. One whose workers are gone must not stay open: it is pinned to their
 * version.
 */
const BURST_EXECUTION_TIMEOUT = '15 min';

type StartOptions = ReturnType<NotificationWorkflows['startOptions']>;

export interface NotificationWorkflowOptions {
  taskQueue: string;
  /** Whether a worker on the same connection runs the first workflow task without a round trip. */
  eagerStart: boolean;
  /** Whether the search attributes are registered. Temporal refuses a start with others. */
  searchAttributes: () => boolean;
  /**
   * Returns the milliseconds after which a workflow begins that never ran, or undefined if none has
   * to be started. A signal ends the delay.
   *
   * @default it begins immediately
   */
  planStart?(notification: RefToStart): Promise<number | undefined>;
  /** Called when Temporal refused a start that may have failed because of the search attributes. */
  onRefused?(): void;
  /** @default off */
  tracing?: Tracing;
}

/** Starts, signals and queries the workflows of notifications. */
export class NotificationWorkflows {
  constructor(
    private readonly temporal: Pick<TemporalLink, 'use'>,
    private readonly options: NotificationWorkflowOptions,
  ) {}

  /**
   * Starts a notification's workflow, unless it has run before: a late start must not repeat the
   * ladder of what has been closed meanwhile.
   *
   * @returns false if it is running or has run, or its notification was closed meanwhile
   */
  async start(notification: RefToStart): Promise<boolean> {
    const { planStart = async () => 0 } = this.options;
    const delayMs = await planStart(notification);
    if (delayMs === undefined) return false;
    const start = () => this.startOnce(notification, 'REJECT_DUPLICATE', delayMs);
    const { traceparent } = notification;
    return traceparent === undefined ? start() : this.tracing.continue(traceparent, start);
  }

  /**
   * Starts a notification's workflow, also after an earlier run was closed. For what Postgres calls
   * open.
   *
   * @returns false if it is running
   */
  restart(notification: NotificationRef): Promise<boolean> {
    return this.startOnce(notification, 'ALLOW_DUPLICATE');
  }

  private async startOnce(
    notification: NotificationRef,
    workflowIdReusePolicy: 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE',
    delayMs = 0,
  ): Promise<boolean> {
    try {
      await this.withStartOptions(notification, (client, startOptions) =>
        client.workflow.start<typeof deliverNotification>('deliverNotification', {
          ...startOptions,
          ...(delayMs > 0 ? { startDelay: delayMs } : { requestEagerStart: this.options.eagerStart }),
          workflowIdReusePolicy,
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  private get tracing(): Tracing {
    return this.options.tracing ?? NO_TRACING;
  }

  /**
   * Starts the workflow of a burst and waits until it ends, in whatever way, or for 60 s.
   *
   * @param traces - where the traces of members continue. A burst has a trace of its own, which
   *   links to them
   */
  runBurst(workflowId: string, notificationIds: readonly string[], traces: readonly string[] = []): Promise<void> {
    return this.tracing.run(
      () => ({
        name: 'burst',
        kind: 'internal',
        links: traces,
        attributes: { 'signpost.burst.notifications': notificationIds.length },
      }),
      () => this.startBurst(workflowId, notificationIds),
    );
  }

  private async startBurst(workflowId: string, notificationIds: readonly string[]): Promise<void> {
    const handle = await callWithDeadline(this.temporal, (client) =>
      client.workflow.start<typeof deliverBurst>('deliverBurst', {
        taskQueue: this.options.taskQueue,
        workflowId,
        args: [{ notificationIds }],
        staticSummary: `${notificationIds.length} notifications`,
        workflowExecutionTimeout: BURST_EXECUTION_TIMEOUT,
        requestEagerStart: this.options.eagerStart,
      }),
    );
    try {
      await callWithDeadline(this.temporal, () => handle.result(), BURST_TIMEOUT_MS);
    } catch (error) {
      // It goes on in Temporal. Or it was ended by an operator: the reconciler starts what is left.
      if (!isDeadlineError(error) && !(error instanceof WorkflowFailedError)) throw error;
    }
  }

  /**
   * Signals `retry`. A waiting workflow skips its wait, a held one continues, and a closed one is
   * started again.
   */
  async retry(
    notification: NotificationRef,
    { reopened = false, attempts }: Pick<RetryRequest, 'reopened' | 'attempts'> = {},
  ): Promise<void> {
    const { schedule } = notification;
    const signalArgs: [RetryRequest?] = [
      { schedule, ...(reopened ? { reopened } : {}), ...(attempts === undefined ? {} : { attempts }) },
    ];
    await this.withStartOptions(notification, (client, startOptions) =>
      client.workflow.signalWithStart<typeof deliverNotification, [RetryRequest?]>('deliverNotification', {
        ...startOptions,
        signal: retrySignal,
        signalArgs,
      }),
    );
  }

  /** Signals `release`. A held workflow continues; one that never ran is started. */
  async release(notification: NotificationRef): Promise<void> {
    await this.withStartOptions(notification, (client, startOptions) =>
      client.workflow.signalWithStart<typeof deliverNotification>('deliverNotification', {
        ...startOptions,
        signal: releaseSignal,
      }),
    );
  }

  /**
   * Signals `cancel`, if the workflow is running.
   *
   * @param openedAt - when the cancelled record was opened; a later opening is not cancelled
   */
  async cancel(notificationId: string, openedAt?: Date): Promise<void> {
    const request: [CancelRequest?] = openedAt ? [{ openedAt: openedAt.toISOString() }] : [];
    await this.signalRunning(notificationId, (handle) => handle.signal(cancelSignal, ...request));
  }

  /** Signals `reschedule`, if the workflow is running. */
  async reschedule(notificationId: string, request: RescheduleRequest): Promise<void> {
    await this.signalRunning(notificationId, (handle) => handle.signal(rescheduleSignal, request));
  }

  private async signalRunning(
    notificationId: string,
    signal: (handle: WorkflowHandle) => Promise<void>,
  ): Promise<void> {
    try {
      await callWithDeadline(this.temporal, (client) =>
        signal(client.workflow.getHandle(notificationWorkflowId(notificationId))),
      );
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  /**
   * Queries what the workflow is doing.
   *
   * @returns null if it is not running, or does not respond within 2 s
   */
  async live(notificationId: string): Promise<LiveState | null> {
    try {
      const state = await callWithDeadline(
        this.temporal,
        (client) => client.workflow.getHandle(notificationWorkflowId(notificationId)).query(liveQuery),
        LIVE_QUERY_TIMEOUT_MS,
      );
      return state.phase === 'closed' ? null : state;
    } catch {
      return null;
    }
  }

  /** Reads the state of the workflow's latest run. */
  stateOf(notificationId: string): Promise<WorkflowState> {
    return callWithDeadline(
      this.temporal,
      (client) => readWorkflowState(client, notificationWorkflowId(notificationId)),
      STATE_TIMEOUT_MS,
    );
  }

  /** Terminates a running workflow and starts it again, in one step. */
  async replace(notification: NotificationRef): Promise<void> {
    await this.withStartOptions(notification, (client, startOptions) =>
      client.workflow.start<typeof deliverNotification>('deliverNotification', {
        ...startOptions,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      }),
    );
  }

  /** Terminates a run of the workflow. */
  async terminate(notificationId: string, runId: string, reason: string): Promise<void> {
    await callWithDeadline(this.temporal, (client) =>
      client.workflow.getHandle(notificationWorkflowId(notificationId), runId).terminate(reason),
    );
  }

  /** Lists the notifications whose workflow was terminated since a time. */
  async listTerminated(since: Date): Promise<string[]> {
    const ids = await callWithDeadline(this.temporal, (client) => listTerminated(client, 'deliverNotification', since));
    return ids.map((id) => id.slice(id.indexOf('/') + 1));
  }

  /**
   * Temporal refuses search attributes that are not registered, as after its database was replaced.
   * Then the workflow runs without.
   */
  private async withStartOptions<T>(
    notification: NotificationRef,
    call: (client: Client, options: StartOptions) => Promise<T>,
  ): Promise<T> {
    const withAttributes = this.options.searchAttributes();
    const attempt = (attributes: boolean) =>
      callWithDeadline(this.temporal, (client) => call(client, this.startOptions(notification, attributes)));
    try {
      return await attempt(withAttributes);
    } catch (error) {
      if (!withAttributes || !isInvalidArgument(error)) throw error;
      this.options.onRefused?.();
      return attempt(false);
    }
  }

  private startOptions({ step, ...notification }: NotificationRef, attributes: boolean) {
    const { notificationId, schedule, lane } = notification;
    return {
      taskQueue: this.options.taskQueue,
      workflowId: notificationWorkflowId(notificationId),
      args: [step ? { notificationId, schedule, lane, step } : { notificationId, schedule, lane }] as Parameters<
        typeof deliverNotification
      >,
      staticSummary: `${notification.eventType} for ${notification.customerId}`,
      priority: { fairnessKey: fairnessKey(notification.customerId) },
      ...(attributes ? { typedSearchAttributes: searchAttributesOf(notification) } : {}),
    };
  }
}
