import type { RetrySchedule } from './retry-schedule';
import type { NotificationStatus, AttemptError, AttemptTrigger, HttpMethod } from './types';

/** A notification and its event, as an attempt needs them. */
export interface DeliveryFacts {
  notificationId: string;
  status: NotificationStatus;
  attempts: number;
  /** `<workflow run id>:<sequence>` of the last recorded attempt. */
  lastAttemptKey: string | null;
  lastErrorMessage: string | null;
  nextAttemptAt: Date | null;
  acceptedAt: Date;
  /** The process with the claim on the first attempt, until the claim lapses. */
  claimedBy: string | null;
  /** Whether the data of the event has expired, so that nothing can be sent. */
  payloadExpired: boolean;
  event: {
    /** The id that the producer chose, else the generated one. */
    id: string;
    /** The generated id, `evt_…`. Unlike the producer's, it is unique in the installation. */
    webhookId: string;
    type: string;
    productId: string;
    /** RFC 3339, as it is sent. */
    timestamp: string;
    data: string;
    user: string | null;
    channels: string[];
    /** Whether the role `customer` chose the data. No definition may look anything up by it. */
    chosenByCustomer: boolean;
    /** Where the trace of the event continues; absent if it has none. */
    traceparent?: string;
  };
}

/** An attempt to be recorded. */
export interface AttemptRecord {
  notificationId: string;
  subscriptionId: string;
  /**
   * The period of the subscription in which it began. The out-of-order rule counts within a period.
   */
  failurePeriod: number;
  attemptKey: string;
  trigger: AttemptTrigger;
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
  error: AttemptError | null;
  request: { method: HttpMethod; url: string; headers: Record<string, string>; body: string | null };
  response: { status: number; headers: Record<string, string>; body: string; truncated: boolean } | null;
  workflowId: string;
  /** The notification's new status, unless it was cancelled meanwhile and this attempt failed. */
  outcome: { status: 'delivered' } | { status: 'failed' } | RetryingOutcome | CutOffOutcome;
}

/**
 * The process ended before the receiver answered. Another one makes the attempt again, which takes
 * no step of the ladder.
 */
export interface CutOffOutcome {
  status: 'cut-off';
  nextAttemptAt: Date;
  /** The process that ended. What another one has begun meanwhile is left alone. */
  processId: string;
}

/**
 * The error of an attempt that was cut off. Nobody can say whether the receiver took the event.
 */
export const CUT_OFF: AttemptError = {
  class: 'internal',
  message: 'the process was shut down before the receiver answered; the attempt is made again',
};

/** Whether an attempt was cut off. */
export function isCutOff(error: AttemptError | null): boolean {
  return error?.message === CUT_OFF.message;
}

interface RetryingOutcome {
  status: 'retrying';
  nextAttemptAt: Date;
  /** By which `nextAttemptAt` was planned. @default the one of the ladder so far */
  schedule?: RetrySchedule;
}

/** The notification after an attempt has been recorded. */
export interface RecordedAttempt {
  status: NotificationStatus;
  attempts: number;
}
