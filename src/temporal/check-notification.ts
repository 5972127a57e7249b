import type { Logger } from 'pino';
import type { OverdueNotification, ReopenedNotification } from '../domain/delivery';
import type { Metrics } from '../process/metrics';
import type { NotificationWorkflows } from './notification-workflows';
import type { WorkflowState } from './workflow-state';

/** Time until a reopened notification is checked again whose workflow is busy, in seconds. */
const BUSY_SECONDS = 10;

export interface CheckDeps {
  store: {
    /** Records that an operator terminated the workflow. */
    cancel(notificationId: string): Promise<void>;
    /**
     * Reopens a closed notification.
     *
     * @returns what is needed to signal its workflow, or undefined if it cannot be retried
     */
    reopen(notificationId: string): Promise<ReopenedNotification | undefined>;
    /** Ends the checks of a notification that is held or closed. */
    endCheck(notificationId: string): Promise<void>;
    /** Has notifications that were taken checked again sooner. */
    checkAgain(notificationIds: readonly string[], afterSeconds: number): Promise<void>;
  };
  workflows: Pick<NotificationWorkflows, 'stateOf' | 'retry' | 'release' | 'cancel' | 'replace' | 'terminate'>;
  metrics: Metrics;
  log: Logger;
}

/**
 * Compares the record of a notification with its workflow, and repeats the signal that was lost.
 *
 * @returns how to start its workflow: `start` if it never ran, `restart` if it was closed;
 *   undefined if it needs no start
 */
export async function checkNotification(
  deps: CheckDeps,
  notification: OverdueNotification,
): Promise<'start' | 'restart' | undefined> {
  const { workflows, metrics } = deps;
  if (notification.status === 'failed' && notification.retryAsked) {
    await retryFailed(deps, notification);
    return undefined;
  }
  const state = await workflows.stateOf(notification.notificationId);
  if (['cancelled', 'delivered', 'held'].includes(notification.status)) {
    await checkUnstartable(deps, notification, state);
    return undefined;
  }
  if (state.kind === 'running') {
    await checkRunning(deps, notification, state);
    return undefined;
  }
  metrics.reconciled.inc();
  if (isTerminatedByPerson(notification, state)) {
    await recordTermination(deps, notification);
    return undefined;
  }
  // A new run begins with an attempt, so it must not begin before the attempt is due.
  if (state.kind === 'terminated' && notification.dueInSeconds > 0) {
    await deps.store.checkAgain([notification.notificationId], notification.dueInSeconds);
    return undefined;
  }
  return state.kind === 'absent' ? 'start' : 'restart';
}

/**
 * A retry was asked for during the last attempt of the ladder, and its signal was lost. It begins a
 * new ladder, as the signal would have.
 */
async function retryFailed({ store, workflows, metrics }: CheckDeps, { notificationId }: OverdueNotification) {
  const reopened = await store.reopen(notificationId);
  if (!reopened) return store.endCheck(notificationId);
  metrics.signalsRepeated.inc({ signal: 'retry' });
  await workflows.retry(reopened, { reopened: true, attempts: reopened.attempts });
}

/**
 * Nothing is to be started for what was cancelled, or waits for its subscription. A notification
 * that was delivered before the cancelled retry has the status `delivered`.
 */
async function checkUnstartable(
  deps: CheckDeps,
  notification: OverdueNotification,
  state: WorkflowState,
): Promise<void> {
  const { store, workflows, metrics } = deps;
  const { notificationId, status, openedAt } = notification;
  if (status === 'held' && isTerminatedByPerson(notification, state)) return recordTermination(deps, notification);
  if (status === 'held' || state.kind !== 'running') return store.endCheck(notificationId);
  if (state.stuck) return workflows.terminate(notificationId, state.runId, 'its notification was cancelled');
  metrics.signalsRepeated.inc({ signal: 'cancel' });
  return workflows.cancel(notificationId, openedAt);
}

async function checkRunning(
  { store, workflows, metrics, log }: CheckDeps,
  notification: OverdueNotification,
  state: WorkflowState & { kind: 'running' },
): Promise<void> {
  const { notificationId, status, retryAsked, reopened } = notification;
  if (state.stuck) {
    log.warn(
      { notificationId, runId: state.runId, taskAttempts: state.taskAttempts },
      'the tasks of a workflow fail again and again; it is replaced by a new run, which continues its ladder',
    );
    metrics.workflowsReplaced.inc();
    return workflows.replace(notification);
  }
  const isReopened = status === 'pending' && reopened;
  if (retryAsked || (isReopened && state.idle)) {
    metrics.signalsRepeated.inc({ signal: 'retry' });
    return workflows.retry(notification, { reopened: isReopened, attempts: notification.attempts });
  }
  // It is about to act by itself, or makes an attempt.
  if (!state.idle) return isReopened ? store.checkAgain([notificationId], BUSY_SECONDS) : undefined;
  if (status !== 'pending') return;
  // It holds, although its record was released, or oversleeps its turn under a rate limit.
  metrics.signalsRepeated.inc({ signal: 'release' });
  return workflows.release(notification);
}

/** A notification that was reopened since the termination is not affected by it. */
function isTerminatedByPerson({ openedAt }: OverdueNotification, state: WorkflowState): boolean {
  return state.kind === 'terminated' && state.by === 'person' && state.closedAt > openedAt;
}

async function recordTermination(
  { store, log }: CheckDeps,
  { notificationId }: OverdueNotification,
): Promise<undefined> {
  log.info({ notificationId }, 'the workflow was terminated manually; the notification is cancelled');
  await store.cancel(notificationId);
}
