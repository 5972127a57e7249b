import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { LiveState, RescheduleRequest } from '../domain/delivery';

/** The optional argument of `retry`. A retry in the Temporal UI needs none. */
export interface RetryRequest {
  /** Retry schedule of the next ladder, in seconds, if the current one is exhausted. */
  schedule?: readonly number[];
  /**
   * Whether the retry reopened a closed record. Then a new ladder begins, whatever the outcome of
   * an attempt in progress. @default false
   */
  reopened?: boolean;
  /**
   * Recorded attempts when the retry was asked for. A manual attempt with a higher number meets it.
   *
   * @default those that the workflow knows of when the signal arrives
   */
  attempts?: number;
}

/** The optional argument of `cancel`. A cancellation in the Temporal UI needs none. */
export interface CancelRequest {
  /**
   * When the record that was cancelled had been opened, RFC 3339. If it was reopened since, the
   * signal has no effect. @default the record is cancelled whenever it was opened
   */
  openedAt?: string;
}

/** Skips the wait before the next attempt. */
export const retrySignal = defineSignal<[RetryRequest?]>('retry');
/** Ends the ladder. */
export const cancelSignal = defineSignal<[CancelRequest?]>('cancel');
/** The subscription takes deliveries again, or its rate limit was changed. */
export const releaseSignal = defineSignal('release');
/** Moves the next attempt that the workflow waits for, because the retry schedule was changed. */
export const rescheduleSignal = defineSignal<[RescheduleRequest]>('reschedule');
/** The subscription was changed again: settles without waiting. */
export const settleSignal = defineSignal('settle');
/** Returns what the workflow is doing, and when the next attempt is due. */
export const liveQuery = defineQuery<LiveState>('live');
