import type { components, paths } from '../../../sdk/src/openapi';

/**
 * The API's types, from its OpenAPI document: a screen that reads an absent field does not compile.
 */
type Schemas = components['schemas'];

type Json<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Answer } } } };
}
  ? Answer
  : never;

/** @property ended - whether it has ended meanwhile: the screen stays until somebody signs in */
export type Session = Schemas['Session'] & { ended?: boolean };
export type Role = Session['principal']['role'];

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export type Product = Schemas['Product'];
export type EventType = Schemas['EventType'];
export type Customer = Schemas['Customer'];
export type PortalSession = Schemas['PortalSession'];
export type BrowserSession = Schemas['BrowserSession'];
export type SignInMethods = Json<'/v1/session/methods'>;

/** A subscription, which the UI calls an endpoint. `health` is present if it was requested. */
export type Subscription = Json<'/v1/subscriptions'>['items'][number];
export type SubscriptionStatus = Subscription['status'];
export type Format = Subscription['format'];
export type Method = Subscription['method'];
export type Health = NonNullable<Subscription['health']>;
export type Secret = Schemas['Secret'];
export type Challenge = Schemas['Challenge'];
export type Statistics = Schemas['Statistics'];
export type Series = Schemas['Series'];

export type Notification = Schemas['Notification'];
export type NotificationStatus = Notification['status'];
export type Attempt = Schemas['Attempt'];
export type AttemptError = NonNullable<Attempt['error']>;
export type SignpostEvent = Schemas['Event'];
/** An endpoint that an event could reach, and why it got the event or not. */
export type RoutedSubscription = Schemas['RoutedSubscription'];
export type Activity = Schemas['Activity'];

export type AllowlistEntry = Schemas['AllowlistEntry'];
export type Recovery = Schemas['Recovery'];
/** A recovery with its outcomes. */
export type RecoveryDetail = Json<'/v1/recoveries/{id}'>;
export type RecoveryFilter = Partial<NonNullable<Recovery['filter']>>;
/** `key` and `clientSecret` are returned only when the credential is created. */
export type ApiKey = Schemas['ApiKey'] & { key?: string };
export type OAuthClient = Schemas['OAuthClient'] & { clientSecret?: string };
export type AuditEntry = Schemas['AuditEntry'];
export type Overview = Schemas['Overview'];

/** An attempt with its request and response. */
export type AttemptDetail = Json<'/v1/attempts/{id}'>;
/** A notification with its attempts. */
export type NotificationDetail = Json<'/v1/notifications/{id}'>;

/** A version that a customer or product put into operation. */
export type Deploy = Schemas['Deploy'];

/** An inbox of Play, the test receiver. */
export type PlayInbox = Schemas['PlayInbox'];
/** A request that an inbox captured, without headers and body. */
export type PlayRequestSummary = Schemas['PlayRequestSummary'];
export type PlayRequest = Schemas['PlayRequest'];
