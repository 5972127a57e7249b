/**
 * Bulk recovery: one workflow retries the failed notifications of a subscription in order of
 * acceptance, at a limited rate.
 *
 * - `completed`: every failed notification has been retried or skipped.
 * - `cancelled`: a caller or an operator cancelled it.
 * - `failed`: the subscription was deleted meanwhile.
 */
export const RECOVERY_STATUSES = ['running', 'completed', 'cancelled', 'failed'] as const;
export type RecoveryStatus = (typeof RECOVERY_STATUSES)[number];

export interface Recovery {
  id: string;
  subscriptionId: string;
  status: RecoveryStatus;
  /** Includes notifications accepted at or after this time. */
  since: Date;
  /** Includes notifications accepted before this time. */
  until: Date;
  ratePerSecond: number;
  /** Notifications that had failed at the start or have failed since. */
  total: number;
  retried: number;
  /** Notifications that were no longer failed at their turn. Set when the recovery completes. */
  skipped: number;
  createdAt: Date;
  finishedAt: Date | null;
}

/** Input of the workflow `recoverSubscription`; a wire shape. */
export interface RecoverSubscriptionInput {
  recoveryId: string;
}

/** Result of the activity `recoverPage`; a wire shape. */
export interface RecoverPageResult {
  /** Nothing is left to do, or the recovery has ended. */
  done: boolean;
  /** Seconds to wait before the next page, to keep the rate. */
  waitSeconds: number;
}

/** The workflow id of a recovery. It is deterministic, so that starting twice has no effect. */
export function recoveryWorkflowId(recoveryId: string): string {
  return `recovery/${recoveryId}`;
}
