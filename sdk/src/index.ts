export { Signpost } from './client.js';
export { PartlySentError, SignpostError, SignpostUnreachableError, type FieldError } from './errors.js';
export type { Accepted, EventData, Events, IdentifiedEvent, NewEvent, SendOptions, SendResult } from './events.js';
export type { Outbox, OutboxOptions } from './outbox.js';
export type { OAuthCredentials } from './auth.js';
export type { RetryOptions } from './backoff.js';
export type { CallOptions, SignpostOptions } from './transport.js';
export type { components, paths } from './openapi.js';
