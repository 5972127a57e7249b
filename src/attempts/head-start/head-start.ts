import { HEAD_START_WAIT_SECONDS } from '../../domain/delivery';
import type { HeadStartDelivery } from '../../domain/head-start';

/**
 * The claim runs by the clock of Postgres, the wait by ours. This much time may pass between the
 * start of the claiming statement and its reading of the clock.
 */
const MARGIN_MS = 1000;

/**
 * How long what the accept wrote counts as fresh. A head start that waits longer is part of a
 * backlog and reads again.
 */
const FRESH_MS = 1000;

/** A claimed notification and its workflow. */
export interface HeadStart {
  notificationId: string;
  subscriptionId: string;
  schedule: readonly number[];
  workflowId: string;
  /** `performance.now()` before the statement that claimed it. */
  claimedAt: number;
  /**
   * What the accept wrote; absent if the claim was renewed since, which makes the head start part
   * of a backlog.
   */
  accepted?: HeadStartDelivery;
}

export function isFresh({ accepted, claimedAt }: HeadStart): boolean {
  return accepted !== undefined && performance.now() - claimedAt <= FRESH_MS;
}

/**
 * A head start that begins too late might still be sending when its claim lapses, and then the
 * workflow sends too.
 */
export function isTooLate({ claimedAt }: HeadStart): boolean {
  return performance.now() - claimedAt > HEAD_START_WAIT_SECONDS * 1000 - MARGIN_MS;
}
