/**
 * What takes the place of an event's data in a body, where something does.
 *
 * - **service definition**: kept for an event type by an operator (document 003): queries on named data sources, whose columns become the body.
 * - **transform**: an expression that makes an object out of what would be sent; of an event type's definition, or of one subscription.
 * - **data source**: a Postgres that definitions read, known by a name.
 */
import type { FieldError } from './problems';

/** Bytes of JSON that may take the place of an event's data: as many as an event may have. */
export const MAX_COMPOSED_BYTES = 256 * 1024;
/** Rows that a query with `as` may give. */
export const MAX_ROWS = 1000;
/** Composing a body may take so long, and never longer than the subscription's timeout. */
export const MAX_COMPOSE_MS = 5000;

export interface Transform {
  language: 'jsonata';
  expression: string;
}

/** Each with the type that Postgres knows it by. */
export const ARGUMENT_TYPES = {
  string: 'text',
  int: 'bigint',
  number: 'numeric',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamptz',
  uuid: 'uuid',
  json: 'jsonb',
} as const;
export type ArgumentType = keyof typeof ARGUMENT_TYPES;

/** One value that a query is given: `:name` in its SQL. */
export interface QueryArgument {
  name: string;
  type: ArgumentType;
  /** `$data.<field>[.<field>…]` of the event, `$secret` of the subscription, or the value itself. */
  from: string | number | boolean | null;
}

/** One SELECT. Without `as` it gives one row, whose columns become fields; with `as`, any number of rows, as a list under that name. */
export interface QueryStep {
  kind: 'query';
  dataSource: string;
  sql: string;
  arguments: QueryArgument[];
  as?: string;
}

export interface ServiceDefinition {
  steps: QueryStep[];
  /** Makes the body out of the columns, or of the event's data where there are no steps. */
  transform: Transform | null;
}

/** Whose turn an evaluation takes: customers take turns, and so do the subscriptions of a customer. */
export interface EvaluationOwner {
  customer: string;
  /** What the evaluation is for, where it is for no subscription. */
  subscription: string;
}

/** What is to be composed, and of what. */
export interface Composition {
  event: {
    id: string;
    type: string;
    occurredAt: Date;
    /** JSON text. */
    data: string;
    /** JSON text. */
    user: string | null;
    channels: readonly string[];
  };
  customerId: string;
  definition: ServiceDefinition | null;
  transform: Transform | null;
  /** The subscription's current secret; asked for only where an argument takes it. */
  secret(): string;
  owner: EvaluationOwner;
}

/** What is sent in place of the event's data. */
export interface Composed {
  /** JSON text of an object. */
  data: string;
  /** Whether a service definition made it: in format `flat` it is the whole body then. */
  whole: boolean;
  /** Whether the secret went into it. */
  holdsSecret: boolean;
}

/** A body could not be composed. The message never holds a payload, a row or a secret. */
export class ComposeError extends Error {
  override readonly name = 'ComposeError';

  constructor(
    message: string,
    /** What the author of an expression may know beside the message; it can hold values of the data. */
    readonly inFull: string = message,
  ) {
    super(message);
  }
}

/** A data source could not be asked. */
export class DataSourceUnavailableError extends ComposeError {}

/** Too much waits to be composed here. That says nothing about what was to be composed: try again later. */
export class ComposerBusyError extends Error {
  override readonly name = 'ComposerBusyError';

  constructor(readonly retryAfterSeconds = 5) {
    super('Too many transforms wait to be evaluated.');
  }
}

/** Composes bodies, and checks what they are composed by before it is saved. */
export interface Composer {
  /**
   * @param withinMs - how long it may take
   * @throws ComposeError, ComposerBusyError
   */
  compose(composition: Composition, withinMs: number): Promise<Composed>;
  /**
   * The fault of the first transform that does not parse, with its position, under the pointer given.
   *
   * @throws ComposerBusyError
   */
  checkTransforms(
    placed: readonly { transform: Transform; path: string }[],
    owner: EvaluationOwner,
  ): Promise<FieldError[]>;
  /**
   * The faults of a definition: SQL that does not parse or is not one SELECT, names that are not there.
   *
   * @param schema - JSON Schema of the event type's data
   * @throws DataSourceUnavailableError, ComposerBusyError
   */
  checkDefinition(
    definition: ServiceDefinition,
    schema: object | null,
    owner: EvaluationOwner,
  ): Promise<FieldError[]>;
}
