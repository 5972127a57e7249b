/**
 * Bulk recovery: one workflow retries the failed notifications of a subscription, in order of acceptance and no faster than asked for.
 * `completed`: all that were failed have been seen to. `cancelled`: by a caller or an operator. `failed`: the subscription was deleted meanwhile.
 */
export const RECOVERY_STATUSES = ['running', 'completed', 'cancelled', 'failed'] as const;
export type RecoveryStatus = (typeof RECOVERY_STATUSES)[number];

export interface Recovery {
  id: string;
  subscriptionId: string;
  status: RecoveryStatus;
  /** Accepted at or after. */
  since: Date;
  /** Accepted before. */
  until: Date;
  ratePerSecond: number;
  /** Notifications that were failed when it was asked for, and such as failed while it ran. */
  total: number;
  retried: number;
  /** Those that were not failed any more when their turn came; known when it is completed. */
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
  /** Nothing is left to do, or nothing may be done any more. */
  done: boolean;
  /** How long the rate demands to wait before the next page. */
  waitSeconds: number;
}

/** The workflow of a recovery. Its id is fixed by the recovery, so that starting it twice is starting it once. */
export function recoveryWorkflowId(recoveryId: string): string {
  return `recovery/${recoveryId}`;
}
