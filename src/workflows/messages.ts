import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { LiveState } from '../domain/delivery';

/** Skips the wait before the next attempt. */
export const retrySignal = defineSignal('retry');
/** Ends the ladder. */
export const cancelSignal = defineSignal('cancel');
/** The subscription takes deliveries again. */
export const releaseSignal = defineSignal('release');
/** What happens now, and what next. */
export const liveQuery = defineQuery<LiveState>('live');
