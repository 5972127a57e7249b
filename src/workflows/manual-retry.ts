import { patched, workflowInfo } from '@temporalio/workflow';
import type { DeliverOutcome, LiveState } from '../domain/delivery';
import type { RetryRequest } from './messages';

/** A caller of an earlier version sends no number. A reopened record needs its own attempt then. */
export function attemptsAt(request: RetryRequest | undefined, live: LiveState): number {
  return request?.attempts ?? (request?.reopened ? Infinity : live.attempt);
}

/** Whether an attempt was made by this execution of the activity. */
function isMade({ kind, repeated }: DeliverOutcome): boolean {
  return !repeated && (kind === 'delivered' || kind === 'retry' || kind === 'failed');
}

/**
 * Whether an earlier execution made the attempt for the retries that were asked for. A signal
 * during a local activity has the workflow task run again, with that signal before the attempt.
 *
 * @param asked - recorded attempts when the latest of the retries was asked for
 */
function isMadeFor(asked: number, { wasManual, attempts }: DeliverOutcome): boolean {
  return wasManual === true && asked < attempts && patched('presses-merge');
}

/**
 * Whether an attempt was made for a retry. The first one after the retry is, also if the signal is
 * not here yet.
 *
 * @param asked - as for {@link isMadeFor}
 */
export function isManual(trigger: 'scheduled' | 'manual', asked: number, outcome: DeliverOutcome): boolean {
  if (trigger === 'scheduled') return outcome.wasManual === true;
  return isMade(outcome) || isMadeFor(asked, outcome);
}

/**
 * Whether people reset this run in the Temporal UI. Its signals were answered before, and the
 * attempts that they asked for are to be made again.
 */
export function isReset(): boolean {
  const { runId, originalExecutionRunId } = workflowInfo();
  return runId !== originalExecutionRunId;
}
