export type { Activity, ActivityFeed, ActivityGap, ActivityOptions } from './activity.js';
export { Signpost } from './client.js';
export { PartlySentError, SignpostError, SignpostUnreachableError, type FieldError } from './errors.js';
export type {
  Accepted,
  EventData,
  Events,
  IdentifiedEvent,
  NewEvent,
  SendOneOptions,
  SendOptions,
  SendResult,
} from './events.js';
export type { Outbox, OutboxOptions } from './outbox.js';
export { LockLostError } from './outbox-lock.js';
export type { OAuthCredentials } from './auth.js';
export type { RetryOptions } from './backoff.js';
export type { CallOptions, SignpostOptions } from './transport.js';
export type { components, paths } from './openapi.js';
export type { ItemOf, ListPath, PathParams, Query, RequestBody, ResponseBody } from './types.js';
