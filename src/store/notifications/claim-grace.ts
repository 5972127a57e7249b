import type { Database } from '../db/database';

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
