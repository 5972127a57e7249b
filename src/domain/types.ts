/**
 * The nouns of Signpost, one meaning each.
 *
 * - **product**: a product line that publishes events; owns event types and API keys. Created disabled.
 * - **event type**: a versioned name (`payment.confirmed.v1`) with a JSON Schema of its data. Belongs to one product.
 * - **customer**: who is notified. Belongs to the product that made it, or is shared by all.
 * - **subscription**: where and how one customer is notified of what.
 * - **event**: a fact posted by a product. Immutable.
 * - **notification**: one event for one subscription; one Temporal workflow, id `notification/<notification id>`.
 * - **attempt**: one HTTP request of a notification.
 * - **ladder**: one walk through the retry schedule; a manual retry of a closed notification begins a new one.
 * - **held**: accepted, but not to be delivered until the subscription is enabled again.
 * - **settling**: bringing a subscription's notifications in line after its status changed (release what was held, cancel what is left).
 */
import type { Transform } from './composing';
import type { RetrySchedule } from './retry-schedule';
import type { LosslessJson } from './lossless-json';

export const ROLES = ['admin', 'product', 'viewer', 'customer'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls: a credential and what it reaches. */
export interface Principal {
  /** `key_…`, or `bootstrap` for the admin key of the configuration. */
  id: string;
  name: string;
  role: Role;
  /** Set for `product`, and for a `viewer` that sees one product only. */
  productId: string | null;
  /** Set for `customer`. */
  customerId: string | null;
}

/** Narrows a query to what a principal may see; an absent field does not narrow. */
export interface Scope {
  productId?: string;
  customerId?: string;
}

export interface Product {
  id: string;
  name: string;
  enabled: boolean;
  /** Whether a subscription must have passed its challenge before anything is delivered to it. */
  requireVerification: boolean;
  createdAt: Date;
  modifiedAt: Date;
}

export interface EventType {
  name: string;
  productId: string;
  description: string;
  /** JSON Schema of `data`; absent means any object. */
  schema: object | null;
  sample: LosslessJson | null;
  archived: boolean;
  createdAt: Date;
  modifiedAt: Date;
}

export interface Customer {
  id: string;
  name: string;
  /** `null` for a customer that all products share. */
  productId: string | null;
  retrySchedule: RetrySchedule;
  createdAt: Date;
  modifiedAt: Date;
}

export const HTTP_METHODS = ['POST', 'GET', 'PUT'] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

export const FORMATS = ['standard', 'envelope', 'trigger', 'flat'] as const;
export type Format = (typeof FORMATS)[number];

export const SUBSCRIPTION_STATUSES = [
  'enabled',
  'disabled',
  'out-of-order',
  'awaiting-approval',
  'unverified',
] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

/** When a subscription goes out of order by itself. */
export interface OutOfOrderRule {
  /** Since the first of the failures. */
  afterSeconds: number;
  /** In a row. */
  minFailures: number;
}

export interface Subscription {
  id: string;
  customerId: string;
  productId: string | null;
  name: string;
  description: string;
  url: string;
  method: HttpMethod;
  enabled: boolean;
  status: SubscriptionStatus;
  eventTypes: string[];
  channels: string[];
  headers: Record<string, string>;
  format: Format;
  customData: LosslessJson;
  /** Makes what is sent out of the event's data. */
  transform: Transform | null;
  /** `null` means the customer's. */
  retrySchedule: RetrySchedule | null;
  timeoutSeconds: number;
  rateLimitPerSecond: number | null;
  verification: { status: 'unverified' | 'verified' | 'failed'; at: Date | null };
  /** `null`: only by a 410. */
  outOfOrderRule: OutOfOrderRule | null;
  /** Since when, and why, the service has switched it off. */
  outOfOrder: { at: Date; reason: string } | null;
  createdAt: Date;
  modifiedAt: Date;
}

export const NOTIFICATION_STATUSES = [
  'pending',
  'delivering',
  'delivered',
  'retrying',
  'failed',
  'held',
  'cancelled',
] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** Statuses in which nothing more happens of itself. */
export const CLOSED_STATUSES = ['delivered', 'failed', 'cancelled'] as const satisfies readonly NotificationStatus[];

export const ATTEMPT_ERROR_CLASSES = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'blocked',
  'status',
  'response-too-large',
  'transform',
  'sign',
  'internal',
] as const;
export type AttemptErrorClass = (typeof ATTEMPT_ERROR_CLASSES)[number];

/** Why an attempt failed. The message never holds a payload or a secret. */
export interface AttemptError {
  class: AttemptErrorClass;
  message: string;
}

export type AttemptTrigger = 'scheduled' | 'manual';

/** An event that was asked to be accepted; `data` and `user` are JSON text. */
export interface NewEvent {
  /** Chosen by the producer; absent: generated. */
  id?: string;
  productId: string;
  type: string;
  /** Absent: every customer of the product. */
  customerId?: string;
  channels: string[];
  timestamp: Date;
  data: string;
  user?: string;
}

export interface Event {
  id: string;
  productId: string;
  type: string;
  customerId: string | null;
  channels: string[];
  timestamp: Date;
  data: LosslessJson;
  user: LosslessJson | null;
  acceptedAt: Date;
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
  nextAttemptAt: Date | null;
  lastError: AttemptError | null;
  lastResponseStatus: number | null;
  createdAt: Date;
  finishedAt: Date | null;
  workflowId: string;
}

export interface Attempt {
  id: string;
  notificationId: string;
  number: number;
  trigger: AttemptTrigger;
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
  status: number | null;
  error: AttemptError | null;
  workflowId: string;
}

/** An attempt with what was sent (secrets masked) and what came back. */
export interface AttemptDetail extends Attempt {
  request: { method: HttpMethod; url: string; headers: Record<string, string>; body: string | null };
  response: { status: number; headers: Record<string, string>; body: string; truncated: boolean } | null;
}

/** The workflow of a notification. Its id is fixed by the notification, so that starting it twice is starting it once. */
export function notificationWorkflowId(notificationId: string): string {
  return `notification/${notificationId}`;
}
