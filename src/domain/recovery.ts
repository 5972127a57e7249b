import type { AttemptErrorClass, NotificationStatus } from './types';

/**
 * Bulk recovery: one workflow retries failed notifications at a limited rate: those of a
 * subscription in order of acceptance, or those that match a filter, in turns by customer.
 *
 * - `completed`: every notification has been processed or skipped.
 * - `cancelled`: a caller or an operator cancelled it.
 * - `failed`: the subscription or the customer was deleted meanwhile.
 */
export const RECOVERY_STATUSES = ['running', 'completed', 'cancelled', 'failed'] as const;
export type RecoveryStatus = (typeof RECOVERY_STATUSES)[number];

export const RECOVERY_ACTIONS = ['retry', 'cancel'] as const;
export type RecoveryAction = (typeof RECOVERY_ACTIONS)[number];

/** The statuses of notifications that an action applies to. */
export const STATUSES_FOR: Record<RecoveryAction, readonly NotificationStatus[]> = {
  retry: ['failed', 'cancelled', 'retrying', 'pending'],
  cancel: ['pending', 'delivering', 'retrying', 'held'],
};

/** Notifications that one recovery by filter processes at most. */
export const MAX_RECOVERED = 100_000;

/** Which notifications a recovery is for. An absent field does not filter. */
export interface RecoveryFilter {
  customerId?: string;
  productId?: string;
  subscriptionId?: string;
  type?: string[];
  status: NotificationStatus[];
  /** The status of the last response, as `503` or `5xx`. */
  responseStatus?: string;
  errorClass?: AttemptErrorClass[];
}

/** The first and the last of the statuses that `503` or `5xx` names. */
export function responseStatuses(text: string): { from: number; to: number } {
  return { from: Number(text.replace('xx', '00')), to: Number(text.replace('xx', '99')) };
}

export interface Recovery {
  id: string;
  /** Null for a recovery by filter. */
  subscriptionId: string | null;
  action: RecoveryAction;
  /** Null for a recovery of one subscription. */
  filter: RecoveryFilter | null;
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

/** How many of the processed notifications are in which state now. */
export interface RecoveryOutcomes {
  delivered: number;
  failed: number;
  /** Not closed yet. */
  waiting: number;
  cancelled: number;
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
