/**
 * Every problem that the API returns (RFC 9457), with its status and title. Codes are stable,
 * because clients branch on them. A test keeps docs/producers/errors.md complete.
 */
export const PROBLEMS = {
  'malformed-json': [400, 'The body is not valid JSON'],
  'invalid-cursor': [400, 'The cursor is invalid'],
  'invalid-request': [400, 'The request could not be read'],
  unauthenticated: [401, 'A valid credential is required'],
  'csrf-token': [403, 'The CSRF token is missing or wrong'],
  'reauthentication-required': [403, 'A recent sign-in is required'],
  forbidden: [403, 'This credential may not make this call'],
  'product-disabled': [403, 'The product is disabled'],
  'feature-disabled': [403, 'The feature is disabled in this installation'],
  'not-found': [404, 'The object does not exist'],
  'unknown-route': [404, 'The route does not exist'],
  'method-not-allowed': [405, 'The route does not support this method'],
  'request-timeout': [408, 'The request took too long to arrive'],
  'already-exists': [409, 'The id or name is already taken'],
  'event-id-conflict': [409, 'The event id is already used for a different event'],
  'idempotency-key-conflict': [409, 'The idempotency key was used for a different request'],
  'payload-expired': [409, 'The payload of the event has expired'],
  'already-delivered': [409, 'The notification has already been delivered'],
  'fixed-after-creation': [409, 'The field cannot change after creation'],
  'notification-held': [409, 'The notification is held until its subscription takes deliveries'],
  'recovery-running': [409, 'A recovery of the subscription is already running'],
  'erasure-running': [409, 'The customer is being erased'],
  'quota-exceeded': [409, 'The owner has as many objects of this kind as allowed'],
  'url-not-approved': [409, 'The URL of the subscription is not approved'],
  'own-credential': [409, 'A credential cannot revoke itself'],
  'payload-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The content type or encoding is not supported'],
  'unknown-host': [421, 'The service does not serve this host'],
  'validation-failed': [422, 'The request is invalid'],
  'unknown-event-type': [422, 'The event type is not in the catalog'],
  'event-type-archived': [422, 'The event type is archived'],
  'capability-required': [422, 'The customer lacks a capability that the event type requires'],
  'unknown-customer': [422, 'The customer does not exist'],
  'unknown-subscription': [422, 'The subscription does not exist'],
  'unknown-product': [422, 'The product does not exist'],
  'data-breaks-schema': [422, 'The data does not match the schema of its event type'],
  'sample-breaks-schema': [422, 'The sample does not match the schema'],
  'schema-breaks-service-definition': [422, 'The schema lacks a field that the service definition uses'],
  'invalid-schema': [422, 'The schema is not a valid JSON Schema'],
  'invalid-transform': [422, 'The transform is invalid'],
  'invalid-service-definition': [422, 'The service definition is invalid'],
  'not-composed': [422, 'No body could be composed from the sample'],
  'too-many-requests': [429, 'Too many requests; try again later'],
  'headers-too-large': [431, 'The headers are too large'],
  'internal-error': [500, 'The request failed because of an internal error'],
  'database-unavailable': [503, 'The database is unavailable'],
  'data-source-unavailable': [503, 'A data source is unavailable'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/**
 * One invalid field of a request. `path` is a JSON Pointer (RFC 6901) into the body, or
 * `query/<name>`, `path/<name>` or `header/<name>`.
 */
export interface FieldError {
  path: string;
  message: string;
}

/** An error that the caller receives unchanged. Its detail never contains a secret or a payload. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly title: string;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly options: { errors?: FieldError[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    [this.status, this.title] = PROBLEMS[code];
  }
}

/** The body of the response to a problem, as JSON text (RFC 9457). */
export function problemBody({ code, title, status, detail, options }: Problem, instance: string): string {
  return JSON.stringify({
    type: `/docs/errors#${code}`,
    title,
    status,
    detail,
    instance,
    code,
    errors: options.errors,
  });
}

/**
 * The problem for an object that does not exist or belongs to another tenant. The two cases look
 * the same, so that nobody can probe for the ids of others.
 *
 * @param noun - the kind of object, such as `customer`
 */
export function notFound(noun: string): Problem {
  return new Problem('not-found', `The ${noun} does not exist.`);
}
