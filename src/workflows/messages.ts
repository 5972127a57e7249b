import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { LiveState } from '../domain/delivery';

/** The optional argument of `retry`. A retry in the Temporal UI needs none. */
export interface RetryRequest {
  /** Retry schedule of the next ladder, in seconds, if the current one is exhausted. */
  schedule?: readonly number[];
}

/** Skips the wait before the next attempt. */
export const retrySignal = defineSignal<[RetryRequest?]>('retry');
/** Ends the ladder. */
export const cancelSignal = defineSignal('cancel');
/** The subscription takes deliveries again, or its rate limit was changed. */
export const releaseSignal = defineSignal('release');
/** The subscription was changed again: settles without waiting. */
export const settleSignal = defineSignal('settle');
/** Returns what the workflow is doing, and when the next attempt is due. */
export const liveQuery = defineQuery<LiveState>('live');
