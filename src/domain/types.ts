/**
 * The nouns of Signpost, one meaning each. docs/glossary.md has the full list.
 *
 * - **product**: a product line that publishes events. It owns event types and credentials, and is
 *   created disabled.
 * - **event type**: a versioned name (`payment.confirmed.v1`) with a JSON Schema of its data. It
 *   belongs to one product.
 * - **customer**: the party that is notified. It belongs to the product that created it, or all
 *   products share it.
 * - **subscription**: where, of what and how one customer is notified.
 * - **event**: a fact posted by a product. Immutable.
 * - **notification**: one event for one subscription, run by the Temporal workflow
 *   `notification/<notification id>`.
 * - **attempt**: one HTTP request of a notification.
 * - **ladder**: one pass through the retry schedule. A manual retry of a closed notification starts
 *   a new one.
 * - **held**: accepted, but not delivered until the subscription takes deliveries again.
 * - **settlement**: the work after a change of a subscription's status: releasing its held
 *   notifications, or cancelling the open ones of a deleted subscription.
 */
import type { Branding } from './branding';
import type { BodyEncryption } from './body-encryption';
import type { StoredPrivateSettings } from './private-settings';
import type { ProductRetention } from './retention';
import type { Transform } from './composing';
import type { RetrySchedule } from './retry-schedule';
import type { JsonText, LosslessJson } from './lossless-json';
import type { Timestamp } from './timestamp';

export const ROLES = ['admin', 'product', 'producer', 'viewer', 'customer'] as const;
export type Role = (typeof ROLES)[number];

/** The caller of a request: its credential, role and scope. */
export interface Principal {
  /** `key_…`, or `bootstrap` for the admin key of the configuration. */
  id: string;
  name: string;
  role: Role;
  /** Set for `product` and `producer`, and for a `viewer` limited to one product. */
  productId: string | null;
  /** Granted in place of one product: the products of a segment. */
  segment?: GrantedSegment;
  /** Set for `customer`. */
  customerId: string | null;
}

/** A segment that a credential is granted. */
export interface GrantedSegment {
  name: string;
  /** The products that are in it now. */
  productIds: readonly string[];
}

/** Restricts a query to what a principal may see. An absent field does not restrict it. */
export interface Scope {
  productIds?: readonly string[];
  customerId?: string;
}

/**
 * Whether an event for a customer that does not exist is refused, or stored without notifications.
 */
export const UNKNOWN_CUSTOMERS = ['refuse', 'accept'] as const;
export type UnknownCustomers = (typeof UNKNOWN_CUSTOMERS)[number];

export interface Product {
  id: string;
  name: string;
  segment: string | null;
  enabled: boolean;
  unknownCustomers: UnknownCustomers;
  /** Whether a subscription must pass a challenge before it takes deliveries. */
  requireVerification: boolean;
  retention: ProductRetention;
  branding: Branding;
  createdAt: Date;
  modifiedAt: Date;
}

export interface EventType {
  name: string;
  productId: string;
  description: string;
  /** JSON Schema of `data`. `null` allows any object. */
  schema: object | null;
  sample: LosslessJson | null;
  /** Capabilities that a customer must have to get its events. */
  requires: string[];
  /** Paths into `data`. Events are found by the values at them. */
  searchKeys: string[];
  archived: boolean;
  createdAt: Date;
  modifiedAt: Date;
}

/**
 * Whose events the subscriptions of a customer get: `self` its own, `product` those of its product
 * for every customer.
 */
export const AUDIENCES = ['self', 'product'] as const;
export type Audience = (typeof AUDIENCES)[number];

export interface Customer {
  id: string;
  name: string;
  /** `null` if all products share the customer. */
  productId: string | null;
  audience: Audience;
  /** What it may do, by which event types are restricted. */
  capabilities: string[];
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

/** When the service disables a subscription automatically. Both conditions must be met. */
export interface OutOfOrderRule {
  /** Seconds since the first failure that counts. */
  afterSeconds: number;
  /** Failed attempts since the last success, enabling, or change of URL or access. */
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
  /** Headers and credentials of deliveries. Answers contain them opened, and masked as needed. */
  privateSettings: StoredPrivateSettings;
  /** `null` if bodies are sent in the clear. */
  encryption: BodyEncryption | null;
  format: Format;
  customData: LosslessJson;
  /** Computes what is sent from the event's data. */
  transform: Transform | null;
  /** `null` to use the customer's. */
  retrySchedule: RetrySchedule | null;
  timeoutSeconds: number;
  rateLimitPerSecond: number | null;
  verification: { status: 'unverified' | 'verified' | 'failed'; at: Date | null };
  /** `null` if only a 410 disables it automatically. */
  outOfOrderRule: OutOfOrderRule | null;
  /** When and why the service disabled it automatically, or `null`. */
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

/** Statuses in which nothing more happens by itself. */
export const CLOSED_STATUSES = ['delivered', 'failed', 'cancelled'] as const satisfies readonly NotificationStatus[];

export const isClosed = (status: NotificationStatus): boolean =>
  (CLOSED_STATUSES as readonly NotificationStatus[]).includes(status);

/** Why a subscription got an event, or did not. */
export const ROUTING_RESULTS = [
  'notified',
  'created-later',
  'product',
  'event-type',
  'channels',
  'capability',
  'changed-later',
] as const;
export type RoutingResult = (typeof ROUTING_RESULTS)[number];

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

/** Why an attempt failed. The message never contains a payload or a secret. */
export interface AttemptError {
  class: AttemptErrorClass;
  message: string;
}

export type AttemptTrigger = 'scheduled' | 'manual';

/** A posted event. `data` and `user` are JSON text. */
export interface NewEvent {
  /** Chosen by the producer. Generated if absent. */
  id?: string;
  productId: string;
  type: string;
  /** Every customer of the product if absent. */
  customerId?: string;
  channels: string[];
  timestamp: Timestamp;
  data: string;
  user?: string;
}

export interface Event {
  /** The id that the producer chose, else the generated one. */
  id: string;
  /** The generated id, which receivers get as `webhook-id`. */
  webhookId: string;
  productId: string;
  type: string;
  customerId: string | null;
  channels: string[];
  /** RFC 3339 in UTC, with the digits that the producer wrote. */
  timestamp: string;
  /** Null if the payload has expired. */
  data: JsonText | null;
  user: JsonText | null;
  payloadExpired: boolean;
  /** Whether data and user are left out, because the reader does not receive them as they are. */
  payloadWithheld: boolean;
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
  /** When it was first delivered, also if it was retried since. */
  deliveredAt: Date | null;
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

/** An attempt with its request (secrets masked) and its response. */
export interface AttemptDetail extends Attempt {
  /** Whether headers or bodies are missing because they have expired. */
  payloadExpired: boolean;
  request: { method: HttpMethod; url: string; headers: Record<string, string>; body: string | null };
  response: { status: number; headers: Record<string, string>; body: string; truncated: boolean } | null;
}

/** The workflow id of a notification. It is deterministic, so that starting twice has no effect. */
export function notificationWorkflowId(notificationId: string): string {
  return `notification/${notificationId}`;
}
