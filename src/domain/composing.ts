/**
 * Composition: replacing an event's data in the body with something computed.
 *
 * - **service definition**: queries on named data sources, set by an operator for an event
 *   type. Their columns become the body.
 * - **transform**: an expression that turns what would be sent into another object. It belongs to a
 *   service definition or to one subscription.
 * - **data source**: a database that service definitions read, known by its name.
 */
import type { FieldError } from './problems';

/** Largest composed data in bytes of JSON, the same as for the data of an event. */
export const MAX_COMPOSED_BYTES = 256 * 1024;
/** Most rows that a query with `as` may return. */
export const MAX_ROWS = 1000;
/** Timeout for composing a body. The subscription's timeout applies as well, if it is shorter. */
export const MAX_COMPOSE_MS = 5000;

export interface Transform {
  language: 'jsonata';
  expression: string;
}

export const ARGUMENT_TYPES = ['string', 'int', 'number', 'boolean', 'date', 'timestamp', 'uuid', 'json'] as const;
export type ArgumentType = (typeof ARGUMENT_TYPES)[number];

/** One value that is passed to a query, written `:name` in its SQL. */
export interface QueryArgument {
  name: string;
  type: ArgumentType;
  /** `$data.<field>[.<field>…]` of the event, `$secret` of the subscription, or a literal value. */
  from: string | number | boolean | null;
}

/**
 * One SELECT. Without `as` it returns exactly one row, whose columns become fields. With `as` it
 * returns up to {@link MAX_ROWS} rows, which become a list under that name.
 */
export interface QueryStep {
  kind: 'query';
  dataSource: string;
  sql: string;
  arguments: QueryArgument[];
  as?: string;
}

export interface ServiceDefinition {
  steps: QueryStep[];
  /** Computes the body from the columns, or from the event's data if there are no steps. */
  transform: Transform | null;
}

/**
 * Who an evaluation is for. Customers take turns, and so do the subscriptions of one customer.
 */
export interface EvaluationOwner {
  customer: string;
  /** Another name, if the evaluation is not for a subscription. */
  subscription: string;
}

/** The input of a composition. */
export interface Composition {
  event: {
    id: string;
    type: string;
    /** RFC 3339. */
    timestamp: string;
    /** JSON text. */
    data: string;
    /** JSON text. */
    user: string | null;
    channels: readonly string[];
    /** Whether the role `customer` chose the data. No definition may look anything up by it. */
    chosenByCustomer: boolean;
  };
  customerId: string;
  definition: ServiceDefinition | null;
  transform: Transform | null;
  /**
   * Returns the subscription's current secret, or null if the receiver was not given one. Called
   * only if an argument uses it.
   */
  secret(): string | null;
  owner: EvaluationOwner;
}

/** The result of a composition, sent in place of the event's data. */
export interface Composed {
  /** JSON text of an object. */
  data: string;
  /** Whether a service definition produced it. In format `flat` it is then the whole body. */
  whole: boolean;
  /** Whether it contains the secret. */
  holdsSecret: boolean;
}

/** A body could not be composed. The message never contains a payload, a row or a secret. */
export class ComposeError extends Error {
  override readonly name = 'ComposeError';

  constructor(
    message: string,
    /** The message for the author of the expression. It can contain values of the data. */
    readonly inFull: string = message,
  ) {
    super(message);
  }
}

/** A data source could not be reached. */
export class DataSourceUnavailableError extends ComposeError {}

/**
 * Too many transforms wait for evaluation in this process. It says nothing about the transform: try
 * again later.
 */
export class ComposerBusyError extends Error {
  override readonly name = 'ComposerBusyError';

  constructor(readonly retryAfterSeconds = 5) {
    super('Too many transforms wait to be evaluated.');
  }
}

/** Composes bodies, and validates transforms and service definitions before they are saved. */
export interface Composer {
  /**
   * @param withinMs - timeout in milliseconds
   * @throws ComposeError, ComposerBusyError
   */
  compose(composition: Composition, withinMs: number): Promise<Composed>;
  /**
   * @returns the error of the first transform that does not parse, with its position, under the
   *   given pointer; empty if all parse
   * @throws ComposerBusyError
   */
  checkTransforms(
    placed: readonly { transform: Transform; path: string }[],
    owner: EvaluationOwner,
  ): Promise<FieldError[]>;
  /**
   * Checks for SQL that does not parse or is not one SELECT, and for unknown names.
   *
   * @param schema - JSON Schema of the event type's data
   * @returns the errors of the definition, empty if it is valid
   * @throws DataSourceUnavailableError, ComposerBusyError
   */
  checkDefinition(definition: ServiceDefinition, schema: object | null, owner: EvaluationOwner): Promise<FieldError[]>;
}
