import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { LiveState } from '../domain/delivery';

/** What a retry may bring along; by hand it needs nothing. */
export interface RetryRequest {
  /** Waits of the ladder that begins where the last one is used up already. */
  schedule?: readonly number[];
}

/** Skips the wait before the next attempt. */
export const retrySignal = defineSignal<[RetryRequest?]>('retry');
/** Ends the ladder. */
export const cancelSignal = defineSignal('cancel');
/** The subscription takes deliveries again. */
export const releaseSignal = defineSignal('release');
/** What happens now, and what next. */
export const liveQuery = defineQuery<LiveState>('live');
