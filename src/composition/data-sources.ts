import { Pool, type PoolClient } from 'pg';
import type { Logger } from 'pino';
import { ComposeError, DataSourceUnavailableError, MAX_COMPOSED_BYTES, MAX_COMPOSE_MS } from '../domain/composing';

/** Connections to each data source for deliveries, and for dry runs and checks. */
const DELIVERY_CONNECTIONS = 4;
export const DRY_RUN_CONNECTIONS = 2;
const CONNECT_TIMEOUT_MS = 2000;
const CHECK_TIMEOUT_MS = 3000;
/** Longer than any statement timeout: for a data source that is not there any more to keep to it. */
const UNANSWERED_MS = MAX_COMPOSE_MS + 1000;

/** A SQL text as it stands between the parentheses, with parameters `$1`, `$2`, … */
export interface SourceQuery {
  text: string;
  parameters: number;
}

/** Postgres refuses a query. */
export interface SourceFault {
  message: string;
  /** Into the query's text, from 0; absent where Postgres names none. */
  offset?: number;
}

/**
 * The databases that service definitions read. Whatever a query is, it runs in a transaction that is read-only and rolled back, under a statement
 * timeout, and no more of its rows is taken than the caller wants.
 */
export class DataSources {
  private readonly pools: ReadonlyMap<string, Pool>;

  /** @param urls - by name */
  constructor(urls: Readonly<Record<string, string>>, log: Logger, connections = DELIVERY_CONNECTIONS) {
    this.pools = new Map(
      Object.entries(urls).map(([name, connectionString]) => {
        const pool = new Pool({
          connectionString,
          max: connections,
          connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
          query_timeout: UNANSWERED_MS,
          application_name: 'signpost-definitions',
          allowExitOnIdle: true,
        });
        pool.on('error', (error) => log.warn({ err: error, dataSource: name }, 'an idle connection broke'));
        return [name, pool];
      }),
    );
  }

  has(name: string): boolean {
    return this.pools.has(canonical(name));
  }

  /** Has Postgres parse and plan a query, without running it. @returns the names of its columns, or what is wrong with it */
  async check(name: string, query: SourceQuery): Promise<{ columns: string[] } | SourceFault> {
    const prefix = 'select * from (';
    return this.reading(name, CHECK_TIMEOUT_MS, async (client) => {
      try {
        const values = Array.from({ length: query.parameters }, () => null);
        const { fields } = await client.query({ text: `${prefix}${query.text}\n) as q limit 0`, values });
        return { columns: fields.map((field) => field.name) };
      } catch (error) {
        if (!isAnswer(error) || !AUTHORS_CLASS.test(error.code)) throw error;
        const { message, position } = error;
        return position === undefined
          ? { message }
          : { message, offset: utf16Offset(`${prefix}${query.text}`, Number(position) - 1) - prefix.length };
      }
    });
  }

  /**
   * Runs a query.
   *
   * @param maxRows - more are not read
   * @returns each row as the JSON text of an object, as Postgres writes it: numbers keep their digits
   * @throws ComposeError
   */
  async rows(
    name: string,
    query: SourceQuery,
    values: readonly (string | null)[],
    maxRows: number,
    timeoutMs: number,
  ): Promise<string[]> {
    // Rows beyond the bytes that a body may have come as null: they are not to fill our memory.
    const text = `select case when sum(octet_length(j)) over (rows unbounded preceding) <= ${MAX_COMPOSED_BYTES} then j end as j
      from (select row_to_json(q)::text as j from (${query.text}\n) as q limit ${maxRows}) as r`;
    const rows = await this.reading(name, timeoutMs, async (client) => {
      const result = await client.query<{ j: string | null }>({ text, values: [...values] });
      return result.rows.map(({ j }) => j);
    });
    if (!rows.every((row) => row !== null))
      throw new ComposeError(`the rows of data source ${name} are more than ${MAX_COMPOSED_BYTES / 1024} KiB`);
    return rows;
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
  }

  private async reading<T>(name: string, timeoutMs: number, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.connect(name);
    const milliseconds = Math.max(1, Math.floor(timeoutMs));
    let usable = true;
    try {
      await client.query(
        `begin read only; set local statement_timeout = ${milliseconds}; set local lock_timeout = ${milliseconds}; set local timezone = 'UTC'; set local standard_conforming_strings = on`,
      );
      return await work(client);
    } catch (error) {
      usable = isAnswer(error);
      throw toComposeError(name, error);
    } finally {
      // What a query changed of its session goes with the transaction.
      usable &&= await client.query('rollback').then(
        () => true,
        () => false,
      );
      client.release(!usable);
    }
  }

  private async connect(name: string): Promise<PoolClient> {
    const pool = this.pools.get(canonical(name));
    if (!pool) throw new ComposeError(`there is no data source ${name} here`);
    try {
      return await pool.connect();
    } catch {
      throw new DataSourceUnavailableError(`the data source ${name} cannot be reached`);
    }
  }
}

/** `LEDGER_DB` in the configuration is `ledger-db` and `ledger_db` in a definition. */
function canonical(name: string): string {
  return name.replaceAll('_', '-');
}

/** An error that Postgres answered. */
interface PostgresAnswer extends Error {
  code: string;
  severity: string;
  position?: string;
}

function isAnswer(error: unknown): error is PostgresAnswer {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && severity === 'ERROR';
}

/** Classes of SQLSTATE that say that a text is wrong, and not that the data source has a problem: they are for its author. */
const AUTHORS_CLASS = /^(0A|21|22|23|25|2B|42|44)/;

const REASONS: Readonly<Record<string, string>> = {
  '25006': 'wants to write, and may only read',
  '42501': 'reads what it has no right to',
  '42P01': 'reads a table that is not there',
  '42703': 'reads a column that is not there',
  '55P03': 'waits for a lock for too long',
  '57014': 'takes too long',
};

/** Postgres's own message can hold values of arguments and rows; what is passed on is its code. */
function toComposeError(name: string, error: unknown): ComposeError {
  if (error instanceof ComposeError) return error;
  if (!isAnswer(error)) return new DataSourceUnavailableError(`the data source ${name} does not answer`);
  const { code } = error;
  return new ComposeError(`the query on data source ${name} ${REASONS[code] ?? 'fails'} (SQLSTATE ${code})`);
}

/** Postgres counts characters, JavaScript units of UTF-16. */
function utf16Offset(text: string, characters: number): number {
  return [...text].slice(0, characters).join('').length;
}
