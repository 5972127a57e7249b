import type { AttemptRecord, DeliveryFacts } from '../domain/attempt';
import type { DeliverInput, Lane } from '../domain/delivery';
import type { HeadStartDelivery } from '../domain/head-start';
import type { AttemptError } from '../domain/types';
import type { LaneVisit } from './lane-gate';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';

/** An attempt to make. */
export interface AttemptInput extends Omit<DeliverInput, 'schedule'> {
  /** Names the attempt. Recording compares and sets it, so an attempt is recorded once. */
  attemptKey: string;
  workflowId: string;
  /** The process that makes the attempt. It waits for a live claim of another process. */
  processId: string;
  /** Whether the attempt may take long enough to show it as `delivering`. */
  slow: boolean;
  /** The place of a workflow's attempt in its lane; absent for a head start, which has a slot. */
  visit?: Pick<LaneVisit, 'enter' | 'withdraw' | 'comeBack'>;
  /**
   * Plans the next attempt after a failure, of a subscription in a lane. Takes the earliest time
   * from now in milliseconds, and returns the time after which the attempt is made. Absent for a
   * head start.
   */
  planRetry?(lane: Lane, customerId: string, subscriptionId: string, afterMs: number): number;
  /** What the accept wrote. If its subscription is cached too, the head start reads nothing. */
  accepted?: HeadStartDelivery;
  /**
   * Head starts: until when the request may begin, by `performance.now()`. Later, it might outlast
   * the claim.
   */
  beginBefore?: number;
  /** The activity that makes the attempt; absent for a head start, or if it is not traced. */
  traceparent?: string;
  /** Called when nothing more will be sent, before the attempt is recorded. */
  onSent?(): void;
  /** Called when the subscription leaves the fast lane, because this attempt takes too long. */
  onSlow?(): void;
}

/**
 * An attempt was not sent. A head start is left to its workflow; the activity of a workflow has to
 * run again, in another process.
 */
export class AttemptLeftError extends Error {
  override readonly name = 'AttemptLeftError';

  /**
   * @param reason - `late`: the claim has lapsed or nearly so; `slow`: the slow lane makes the
   *   attempt; `stopped`: the process ends, and another one makes it
   */
  constructor(readonly reason: 'late' | 'slow' | 'stopped') {
    super(`the attempt was left to others (${reason})`);
  }
}

/**
 * Another process has begun the attempt and may be sending, or records it when it can. The activity
 * has to run again: then it finds the record, or makes the attempt because the claim has lapsed.
 */
export class MadeElsewhereError extends Error {
  override readonly name = 'MadeElsewhereError';

  constructor() {
    super('another process has begun this attempt');
  }
}

/** A notification whose attempt may be made now. */
export interface Admitted {
  delivery: DeliveryFacts;
  subscription: DeliverySubscription;
  /**
   * Whether the subscription got another URL or access, or was enabled, during the attempt. Then
   * the response is not that of its receiver. @default false
   */
  isOutdated?: boolean;
  /**
   * Whether it is the first attempt since a retry was asked for. It is made for that retry, also if
   * its workflow has not got the signal yet, and was started or woken for another reason.
   *
   * @default false
   */
  isForRetry?: boolean;
}

/**
 * A failed attempt, tagged with the stage at which it failed:
 *
 * - `preparation`: the request could not be composed or signed. Nothing was sent. It is recorded as
 *   a failed attempt and takes a step of the ladder, or ends it if it is `permanent`.
 * - `sending`: the request failed, or the response was not 2xx. It is recorded as a failed attempt
 *   and takes a step of the ladder, unless the response ends the ladder (410) or asks for a longer
 *   wait (`retry-after`). If it was `cutOff` by the end of the process, it takes no step, and
 *   another process makes it again.
 * - `recording`: Postgres did not take the record of a finished attempt, which stays in memory. The
 *   next run with the same attempt key records it, and does not send again.
 */
export type AttemptFailure =
  | { stage: 'preparation'; error: AttemptError; permanent?: true }
  | { stage: 'sending'; error: AttemptError; cutOff?: true }
  | { stage: 'recording'; cause: unknown };

/** The failures of one or more stages. */
export type FailureAt<Stage extends AttemptFailure['stage']> = Extract<AttemptFailure, { stage: Stage }>;

/** An attempt that is over and not recorded yet. */
export interface FinishedAttempt {
  facts: Omit<AttemptRecord, 'error' | 'outcome'>;
  /** `null` if the notification was delivered. */
  failure: FailureAt<'preparation' | 'sending'> | null;
}
