/** What the API answers, as far as the screens use it. */
export type Role = 'admin' | 'product' | 'viewer' | 'customer';

export interface Session {
  principal: { id: string; name: string; role: Role; productId: string | null; customerId: string | null };
  csrfToken: string;
  expiresAt: string;
  version: string;
  temporalUiUrl: string | null;
  publicUrl: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface Product {
  id: string;
  name: string;
  enabled: boolean;
  requireVerification: boolean;
  createdAt: string;
  modifiedAt: string;
}

export interface EventType {
  name: string;
  productId: string;
  description: string;
  schema: Record<string, unknown> | null;
  sample: unknown;
  archived: boolean;
  createdAt: string;
  modifiedAt: string;
}

export interface Customer {
  id: string;
  name: string;
  productId: string | null;
  retrySchedule: number[];
  createdAt: string;
  modifiedAt: string;
}

export interface PortalSession {
  id: string;
  customerId: string;
  createdBy: string;
  createdAt: string;
  expiresAt: string;
}

export type SubscriptionStatus = 'enabled' | 'disabled' | 'out-of-order' | 'awaiting-approval' | 'unverified';
export type Format = 'standard' | 'envelope' | 'trigger' | 'flat';
export type Method = 'POST' | 'GET' | 'PUT';

export interface Health {
  buckets: { at: string; successes: number; failures: number }[];
  lastAttempt: { at: string; responseStatus: number | null; errorClass: string | null; attemptId: string } | null;
}

/** An endpoint, as the screens call it. */
export interface Subscription {
  id: string;
  customerId: string;
  productId: string | null;
  name: string;
  description: string;
  url: string;
  method: Method;
  enabled: boolean;
  status: SubscriptionStatus;
  eventTypes: string[];
  channels: string[];
  headers: Record<string, string>;
  format: Format;
  customData: Record<string, unknown>;
  transform: { language: 'jsonata'; expression: string } | null;
  retrySchedule: number[] | null;
  timeoutSeconds: number;
  rateLimitPerSecond: number | null;
  verification: { status: 'unverified' | 'verified' | 'failed'; at: string | null };
  outOfOrder: { at: string; reason: string } | null;
  createdAt: string;
  modifiedAt: string;
  /** Only in the answer that made it. */
  secret?: string;
  /** Only where it was asked for. */
  health?: Health;
}

export interface Secret {
  secret: string;
  createdAt: string;
  previous: { createdAt: string; expiresAt: string } | null;
}

export interface Challenge {
  id: string;
  status: 'verified' | 'failed';
  responseStatus: number | null;
  detail: string;
  durationMs: number;
  at: string;
}

export interface Statistics {
  events: number;
  triggers: number;
  successResponses: number;
  failureResponses: number;
  failuresSinceLastSuccess: number;
  lastEventAt: string | null;
  nextTriggerAt: string | null;
  lastSuccess: { at: string; attemptId: string } | null;
  lastFailure: { at: string; attemptId: string } | null;
}

export interface Series {
  window: string;
  bucketSeconds: number;
  buckets: { at: string; successes: number; failures: number; p50Ms: number | null; p95Ms: number | null }[];
}

export type NotificationStatus = 'pending' | 'delivering' | 'delivered' | 'retrying' | 'failed' | 'held' | 'cancelled';
export interface AttemptError {
  class: string;
  message: string;
}

export interface Notification {
  id: string;
  eventId: string;
  subscriptionId: string;
  customerId: string;
  productId: string;
  eventType: string;
  status: NotificationStatus;
  attemptCount: number;
  nextAttemptAt: string | null;
  lastError: AttemptError | null;
  lastResponseStatus: number | null;
  createdAt: string;
  finishedAt: string | null;
  workflowId: string;
}

export interface Attempt {
  id: string;
  notificationId: string;
  number: number;
  trigger: 'scheduled' | 'manual';
  startedAt: string;
  finishedAt: string;
  durationMs: number;
  status: number | null;
  error: AttemptError | null;
  workflowId: string;
}

export interface AttemptDetail extends Attempt {
  request: { method: Method; url: string; headers: Record<string, string>; body: string | null };
  response: { status: number; headers: Record<string, string>; body: string; truncated: boolean } | null;
}

export interface NotificationDetail extends Notification {
  attempts: Attempt[];
  live: { phase: 'delivering' | 'waiting' | 'held'; attempt: number; nextAttemptAt: string | null } | null;
}

export interface SignpostEvent {
  id: string;
  type: string;
  productId: string;
  customerId: string | null;
  channels: string[];
  timestamp: string;
  data: unknown;
  user: unknown;
  acceptedAt: string;
}

export interface Activity {
  kind: string;
  at: string;
  type: string;
  eventId: string;
  productId: string;
  customerId: string | null;
  subscriptionId: string | null;
  notificationId: string | null;
  status: NotificationStatus | null;
  attempt: { id: string; number: number; responseStatus: number | null; errorClass: string | null } | null;
}

export interface AllowlistEntry {
  id: string;
  pattern: string;
  customerId: string | null;
  productId: string | null;
  status: 'requested' | 'approved' | 'rejected';
  requestedBy: string;
  decidedBy: string | null;
  createdAt: string;
  decidedAt: string | null;
}

export interface Recovery {
  id: string;
  subscriptionId: string;
  status: 'running' | 'completed' | 'cancelled' | 'failed';
  since: string;
  until: string;
  ratePerSecond: number;
  total: number;
  retried: number;
  skipped: number;
  createdAt: string;
  finishedAt: string | null;
}

interface Credential {
  name: string;
  role: Role;
  productId: string | null;
  customerId: string | null;
  createdAt: string;
  revokedAt: string | null;
}
export interface ApiKey extends Credential {
  id: string;
  /** Only in the answer that made it. */
  key?: string;
}
export interface OAuthClient extends Credential {
  clientId: string;
  /** Only in the answer that made it. */
  clientSecret?: string;
}

export interface AuditEntry {
  id: string;
  at: string;
  actorId: string;
  actorName: string;
  action: string;
  object: string;
  productId: string | null;
  detail: Record<string, unknown>;
}

export interface Overview {
  window: 'hour' | 'day';
  bucketSeconds: number;
  buckets: { at: string; accepted: number; delivered: number; retrying: number; failed: number }[];
  attempts: number;
  successRate: number | null;
  backlog: { pending: number; delivering: number; retrying: number; held: number };
  worst: {
    subscriptionId: string;
    name: string;
    customerId: string;
    url: string;
    status: SubscriptionStatus;
    attempts: number;
    failures: number;
    lastError: string | null;
  }[];
  attention: {
    outOfOrder: number;
    awaitingApproval: number;
    unverified: number;
    failedLastDay: number;
    urlRequests: number;
  };
}
