/**
 * Every problem the API answers with (RFC 9457). A code is stable: clients branch on it. docs/producers/errors.md lists them, held by a test.
 */
export const PROBLEMS = {
  'malformed-json': [400, 'The body is not valid JSON'],
  'invalid-cursor': [400, 'The cursor is not one that a list gave'],
  'invalid-request': [400, 'The request could not be read'],
  unauthenticated: [401, 'A valid credential is needed'],
  'csrf-token': [403, "The session's token was not repeated"],
  forbidden: [403, 'The credential does not reach this call'],
  'product-disabled': [403, 'The product is not enabled yet'],
  'not-found': [404, 'There is no such object'],
  'unknown-route': [404, 'There is no such route'],
  'method-not-allowed': [405, 'The route does not take this method'],
  'already-exists': [409, 'The id or name is taken'],
  'event-id-conflict': [409, 'The event id was used for another event'],
  'idempotency-key-conflict': [409, 'The idempotency key was used for another request'],
  'already-delivered': [409, 'The notification was delivered'],
  'fixed-after-creation': [409, 'The field cannot change after creation'],
  'notification-held': [409, 'The notification is held with its subscription'],
  'recovery-running': [409, 'A recovery of the subscription is running'],
  'own-credential': [409, 'A credential cannot revoke itself'],
  'payload-too-large': [413, 'The body is larger than this call takes'],
  'unsupported-media-type': [415, 'The content type is not application/json'],
  'validation-failed': [422, 'The request breaks a rule'],
  'unknown-event-type': [422, 'The event type is not in the catalog'],
  'event-type-archived': [422, 'The event type is archived'],
  'unknown-customer': [422, 'There is no such customer'],
  'unknown-product': [422, 'There is no such product'],
  'data-breaks-schema': [422, 'The data breaks the schema of its event type'],
  'sample-breaks-schema': [422, 'The sample breaks the schema'],
  'schema-breaks-service-definition': [422, 'The schema breaks the service definition'],
  'invalid-schema': [422, 'The schema is not a valid JSON Schema'],
  'invalid-transform': [422, 'The transform cannot be used'],
  'invalid-service-definition': [422, 'The service definition cannot be used'],
  'not-composed': [422, 'No body could be composed of the sample'],
  'too-many-requests': [429, 'Too much is waiting; try again later'],
  'internal-error': [500, 'Something went wrong on our side'],
  'database-unavailable': [503, 'The database does not answer'],
  'data-source-unavailable': [503, 'A data source does not answer'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One fault of a request; `path` is a JSON Pointer (RFC 6901) into the body, or `query/<name>`, `path/<name>`, `header/<name>`. */
export interface FieldError {
  path: string;
  message: string;
}

/** An error that is answered to the caller as it is. Its detail never holds a secret or a payload. */
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

/** The problem for an object that is not there, or belongs to another tenant: the two must not be told apart. */
export function notFound(what: string): Problem {
  return new Problem('not-found', `There is no such ${what}.`);
}
