import type { AcceptResult, EventToAccept } from '../../domain/acceptance';
import type { Problem } from '../../domain/problems';

type Accepted = Extract<AcceptResult, { kind: 'accepted' }>;

/** The outcome of one posted event. A repeat that the catalog of today refuses has no event. */
export type AcceptOutcome = AcceptedEvent | { accepted: Accepted } | { problem: Problem };

interface AcceptedEvent {
  accepted: Accepted;
  event: EventToAccept;
  /** By `performance.now()`, taken before the statement that claimed its notifications. */
  claimedAt: number;
}
