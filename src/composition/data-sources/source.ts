import { ComposeError, DataSourceUnavailableError, MAX_COMPOSE_MS } from '../../domain/composing';
import type { QueryArgument } from '../../domain/composing';
import type { SqlDialect } from '../../domain/sql-dialects';

export const CONNECT_TIMEOUT_MS = 2000;
export const CHECK_TIMEOUT_MS = 3000;
/** Idle time after which TCP checks that the other side still exists. */
export const KEEP_ALIVE_MS = 10_000;
/** Idle time after which a connection is closed. */
export const IDLE_MS = 10_000;
/**
 * Client-side timeout of a query, for a data source that is gone and cannot enforce the statement
 * timeout.
 */
export const QUERY_TIMEOUT_MS = MAX_COMPOSE_MS + 1000;

/** How long after its time limit a query is given up, if the database does not end it. */
export const OVERTIME_MS = 1000;

/** The SQL text of a query, with parameters as its data source writes them. */
export interface SourceQuery {
  text: string;
  /** In the order of the values. */
  parameters: readonly Pick<QueryArgument, 'name' | 'type'>[];
}

/** A data source refused a query. */
export interface SourceFault {
  message: string;
  /** Position in the query's text, from 0; absent if the database reports none. */
  offset?: number;
  /** Line in the query's text, from 1, of a database that reports no more. */
  line?: number;
}

/**
 * A database that service definitions read. Every query runs in a transaction that is rolled back,
 * with a time limit and a limit on rows and bytes.
 */
export interface DataSource {
  readonly dialect: SqlDialect;
  /**
   * Lets the database parse and plan a query without running it.
   *
   * @returns the names of its columns, or the error
   * @throws DataSourceUnavailableError
   */
  check(query: SourceQuery): Promise<{ columns: string[] } | SourceFault>;
  /**
   * Runs a query.
   *
   * @param maxRows - maximum number of rows that are read
   * @returns each row as the JSON text of an object, in which numbers have the digits of the
   *   database
   * @throws ComposeError
   */
  rows(query: SourceQuery, values: readonly (string | null)[], maxRows: number, timeoutMs: number): Promise<string[]>;
  /**
   * @returns what the login can do beyond reading tables, if anything
   * @throws ComposeError
   */
  powers(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** The reasons of failed queries that every database has. */
export const REASONS = {
  write: 'tries to write, but may only read',
  permission: 'lacks a permission',
  table: 'reads a table that does not exist',
  column: 'reads a column that does not exist',
  lock: 'waits too long for a lock',
  time: 'takes too long',
};

export type Reason = keyof typeof REASONS;

/** What a login can do beyond reading, as the end of a sentence. */
export const POWERFUL = 'is a superuser, or may read files or run programs of its server';
export const WRITES = 'may write';

/** The message about a column whose values have no form in JSON. */
export const notInJson = (column: string) =>
  `the column ${column} has a type that JSON does not have; convert it in the query`;

/**
 * The error of a query at delivery time. It has only the code of the database's error, whose
 * message can contain values of arguments and rows.
 */
export function queryError(name: string, reason: Reason | undefined, code: string): ComposeError {
  return new ComposeError(`the query on data source ${name} ${reason ? REASONS[reason] : 'fails'} (${code})`);
}

export const unreachable = (name: string) =>
  new DataSourceUnavailableError(`the data source ${name} cannot be reached`);
export const silent = (name: string) => new DataSourceUnavailableError(`the data source ${name} does not respond`);
