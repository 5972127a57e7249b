/**
 * Erasure: one workflow removes a customer and everything of theirs from Postgres and Temporal, in
 * batches. The progress is in Postgres, so a lost workflow continues from there.
 *
 * The phases, in order:
 *
 * - `cancelling`: open notifications are cancelled, so that nothing is delivered any more.
 * - `waiting`: transactions that began before the request end. One of them may still accept an
 *   event of the customer.
 * - `traces`: the workflows of recoveries and settlements go, and what others hold of the customer
 *   is removed or made anonymous.
 * - `notifications`, `events`, `activity`: the history goes, with its workflow runs.
 * - `belongings`: subscriptions and credentials go.
 * - `sweeping`: workflow runs that Temporal lists late go, and last the customer.
 * - `finished`
 */
export const ERASURE_PHASES = [
  'cancelling',
  'waiting',
  'traces',
  'notifications',
  'events',
  'activity',
  'belongings',
  'sweeping',
  'finished',
] as const;
export type ErasurePhase = (typeof ERASURE_PHASES)[number];

export const ERASURE_STATUSES = ['running', 'completed'] as const;
export type ErasureStatus = (typeof ERASURE_STATUSES)[number];

/** What an erasure counts. The values describe each count in the API. */
export const ERASED_KINDS = {
  workflows: "Runs of the notifications' workflows, with their histories.",
  notifications: 'Notifications.',
  attempts: 'Attempts, with their requests and responses.',
  events: 'Events that were addressed to the customer.',
  eventIds: 'Ids that producers chose for these events. One may be counted twice around the end of a period.',
  operationalEvents: "Events about the customer's subscriptions, whose data was removed.",
  activity: 'Entries of the activity stream.',
  auditEntries: 'Entries of the audit log that were made anonymous.',
  idempotentAnswers: 'Responses kept for an `Idempotency-Key`.',
  sessions: 'Browser sessions.',
  portalSessions: 'Portal sessions.',
  apiKeys: 'API keys.',
  refreshTokens: 'Refresh tokens of OAuth clients.',
  oauthClients: 'OAuth clients.',
  subscriptions: 'Subscriptions, those included that had been deleted.',
  secrets: 'Signing secrets.',
  secretLinks: 'Links to secrets.',
  challenges: 'Results of challenges.',
  deploys: 'Deploys of the customer.',
  playInboxes: 'Inboxes of Play.',
  playRequests: 'Requests that these inboxes captured.',
  recoveryItems: 'Entries of the lists of what recoveries processed.',
  recoveries: 'Recoveries.',
  statistics: 'Statistics, rate lines and releases of subscriptions.',
  allowlistEntries: 'Entries of the URL allow-list that applied to the customer.',
} as const satisfies Record<string, string>;
export type ErasedKind = keyof typeof ERASED_KINDS;
export type ErasedCounts = Partial<Record<ErasedKind, number>>;

/** An erasure, or its receipt. It contains nothing that identifies the customer. */
export interface Erasure {
  id: string;
  /** The product that owned the customer; null if all products shared the customer. */
  productId: string | null;
  status: ErasureStatus;
  phase: ErasurePhase;
  counts: Record<ErasedKind, number>;
  createdAt: Date;
  finishedAt: Date | null;
}

/** Input of the workflow `eraseCustomer`; a wire shape. */
export interface EraseCustomerInput {
  erasureId: string;
}

/** Result of the activity `eraseBatch`; a wire shape. */
export interface EraseBatchResult {
  /** The erasure has finished. */
  done: boolean;
  /** Seconds to wait before the next batch. */
  waitSeconds: number;
}

/** The workflow id of an erasure. It is deterministic, so that starting twice has no effect. */
export function erasureWorkflowId(erasureId: string): string {
  return `erasure/${erasureId}`;
}
