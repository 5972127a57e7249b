import type { NotificationStatus, AttemptError, AttemptTrigger, HttpMethod } from './types';

/** A notification, and the event that it tells of. */
export interface DeliveryFacts {
  notificationId: string;
  status: NotificationStatus;
  attempts: number;
  /** `<workflow run id>:<sequence>` of the last recorded attempt. */
  lastAttemptKey: string | null;
  lastErrorMessage: string | null;
  nextAttemptAt: Date | null;
  acceptedAt: Date;
  /** Whose first attempt it is, while the claim has not lapsed. */
  claimedBy: string | null;
  event: {
    id: string;
    type: string;
    productId: string;
    occurredAt: Date;
    data: string;
    user: string | null;
    channels: string[];
  };
}

/** An attempt as it is recorded. */
export interface AttemptRecord {
  notificationId: string;
  subscriptionId: string;
  attemptKey: string;
  trigger: AttemptTrigger;
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
  error: AttemptError | null;
  request: { method: HttpMethod; url: string; headers: Record<string, string>; body: string | null };
  response: { status: number; headers: Record<string, string>; body: string; truncated: boolean } | null;
  workflowId: string;
  /** What the notification is from now on, unless it was cancelled meanwhile and this attempt did not deliver it. */
  outcome: { status: 'delivered' } | { status: 'failed' } | { status: 'retrying'; nextAttemptAt: Date };
}

/** The notification after an attempt was recorded. */
export interface RecordedAttempt {
  status: NotificationStatus;
  attempts: number;
}
