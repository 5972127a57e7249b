import type { Database } from '../db/database';

/**
 * How much longer than its timeout an attempt of a workflow may take, with the wait for a
 * connection (10 s) and the time to record it, before its claim lapses.
 */
const WORKFLOW_CLAIM_MARGIN_SECONDS = 15;

/** A claim of a process on an attempt. */
export interface Claim {
  processId: string;
  seconds: number;
}

/** The claim for an attempt that a workflow makes in the fast lane. */
export function workflowClaim(processId: string, timeoutSeconds: number): Claim {
  return { processId, seconds: timeoutSeconds + WORKFLOW_CLAIM_MARGIN_SECONDS };
}

/**
 * Value of `claimed_until`: the notification is held, and has no workflow yet. It was held when it
 * was accepted, or by a head start in a burst.
 */
export const NO_WORKFLOW = `'-infinity'::timestamptz`;

/** Longer than an outage of Postgres after which a process still records what it sent. */
const GRACE_SECONDS = 3600;

/**
 * Claims lapse while Postgres is away, and their owners record what they sent only when it is back.
 * Until a moment after that, lapsed claims count as live, so no other process sends it again.
 */
export function claimGraceSeconds(db: Database): number {
  return db.wasAway() ? GRACE_SECONDS : 0;
}

/** Condition: the claim is live. A claim that was released has no end and is not. */
export function claimIsLive(prefix: '' | 'n.', graceSeconds: string): string {
  return `coalesce(${prefix}claimed_until > now() - make_interval(secs => ${graceSeconds}), false)`;
}
