import { Pool, type PoolClient, type QueryConfig } from 'pg';
import type { Logger } from 'pino';
import { ComposeError, DataSourceUnavailableError, MAX_COMPOSED_BYTES, MAX_COMPOSE_MS } from '../domain/composing';

/** Connections to each data source for deliveries, and for dry runs and checks. */
const DELIVERY_CONNECTIONS = 4;
export const DRY_RUN_CONNECTIONS = 2;
const CONNECT_TIMEOUT_MS = 2000;
const CHECK_TIMEOUT_MS = 3000;
/** Idle time after which TCP checks that the other side still exists. */
const KEEP_ALIVE_MS = 10_000;
/**
 * Client-side timeout of a query, for a data source that is gone and cannot enforce the statement
 * timeout.
 */
const QUERY_TIMEOUT_MS = MAX_COMPOSE_MS + 1000;

/**
 * The extended protocol takes one statement. Without values, the driver would use the simple one,
 * which takes several, and so `select 1) as q; commit; drop table …`.
 */
const oneStatement = (text: string, values: readonly (string | null)[]) =>
  ({ text, values: [...values], queryMode: 'extended' }) as QueryConfig;

/** The SQL text of a subquery, with parameters `$1`, `$2`, … */
export interface SourceQuery {
  text: string;
  parameters: number;
}

/** Postgres refused a query. */
export interface SourceFault {
  message: string;
  /** Position in the query's text, from 0; absent if Postgres reports none. */
  offset?: number;
}

/**
 * The databases that service definitions read. Every query runs in a read-only transaction that is
 * rolled back, with a statement timeout and a limit on rows.
 */
export class DataSources {
  private readonly pools: ReadonlyMap<string, Pool>;

  /**
   * @param urls - connection URLs by name
   * @param connections - maximum number of connections to each
   */
  constructor(
    urls: Readonly<Record<string, string>>,
    private readonly log: Logger,
    connections = DELIVERY_CONNECTIONS,
  ) {
    this.pools = new Map(
      Object.entries(urls).map(([name, connectionString]) => {
        const pool = new Pool({
          connectionString,
          max: connections,
          connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
          query_timeout: QUERY_TIMEOUT_MS,
          keepAlive: true,
          keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
          application_name: 'signpost-definitions',
          allowExitOnIdle: true,
        });
        // The pool does not listen to a client that is in use, and an error without a listener ends
        // the process.
        pool.on('connect', (client) => client.on('error', () => undefined));
        pool.on('error', (error) => log.warn({ err: error, dataSource: name }, 'an idle connection broke'));
        return [name, pool];
      }),
    );
  }

  has(name: string): boolean {
    return this.pools.has(canonical(name));
  }

  /**
   * Lets Postgres parse and plan a query without running it.
   *
   * @returns the names of its columns, or the error
   */
  async check(name: string, query: SourceQuery): Promise<{ columns: string[] } | SourceFault> {
    const prefix = 'select * from (';
    return this.readOnly(name, CHECK_TIMEOUT_MS, async (client) => {
      try {
        const values = Array.from({ length: query.parameters }, () => null);
        const { fields } = await client.query(
          oneStatement(
            `${prefix}${query.text}
) as q limit 0`,
            values,
          ),
        );
        return { columns: fields.map((field) => field.name) };
      } catch (error) {
        if (!isPostgresError(error) || !AUTHOR_ERROR.test(error.code)) throw error;
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
   * @param maxRows - maximum number of rows that are read
   * @returns each row as the JSON text of an object, as Postgres writes it, so numbers keep their
   *   digits
   * @throws ComposeError
   */
  async rows(
    name: string,
    query: SourceQuery,
    values: readonly (string | null)[],
    maxRows: number,
    timeoutMs: number,
  ): Promise<string[]> {
    // Rows beyond the size limit of a body are returned as null, so that they cannot fill our
    // memory.
    const text = `select case when sum(octet_length(j)) over (rows unbounded preceding) <= ${MAX_COMPOSED_BYTES} then j end as j
      from (select row_to_json(q)::text as j from (${query.text}\n) as q limit ${maxRows}) as r`;
    const rows = await this.readOnly(name, timeoutMs, async (client) => {
      const result = await client.query<{ j: string | null }>(oneStatement(text, values));
      return result.rows.map(({ j }) => j);
    });
    if (!rows.every((row) => row !== null))
      throw new ComposeError(`the rows of data source ${name} are larger than ${MAX_COMPOSED_BYTES / 1024} KiB`);
    return rows;
  }

  /** Warns of data sources whose role could do more than read, in the log. */
  async warnOfPowers(): Promise<void> {
    for (const name of this.pools.keys()) {
      try {
        const { rows } = await this.readOnly(name, CHECK_TIMEOUT_MS, (client) => client.query<Powers>(POWERS));
        const [{ strong, writes }] = rows as [Powers];
        if (strong || writes)
          this.log.warn(
            { dataSource: name },
            `the role of this data source ${strong ? 'is a superuser, or may read files or run programs of its server' : 'may write'}; give it one that may only read`,
          );
      } catch (error) {
        if (!(error instanceof ComposeError)) throw error;
        this.log.warn({ dataSource: name }, `the rights of this data source are unknown: ${error.message}`);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
  }

  private async readOnly<T>(name: string, timeoutMs: number, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.connect(name);
    const milliseconds = Math.max(1, Math.floor(timeoutMs));
    let usable = true;
    try {
      await client.query(
        `begin read only; set local statement_timeout = ${milliseconds}; set local lock_timeout = ${milliseconds}; set local timezone = 'UTC'; set local standard_conforming_strings = on`,
      );
      return await work(client);
    } catch (error) {
      usable = isPostgresError(error);
      throw toComposeError(name, error);
    } finally {
      // The rollback also undoes what a query changed in its session, except for its locks.
      usable &&= await client.query('rollback; select pg_advisory_unlock_all()').then(
        () => true,
        () => false,
      );
      client.release(!usable);
    }
  }

  private async connect(name: string): Promise<PoolClient> {
    const pool = this.pools.get(canonical(name));
    if (!pool) throw new ComposeError(`the data source ${name} is not configured`);
    try {
      return await pool.connect();
    } catch {
      throw new DataSourceUnavailableError(`the data source ${name} cannot be reached`);
    }
  }
}

interface Powers {
  strong: boolean;
  writes: boolean;
}

/** What the role of a connection can do beyond reading tables. */
const POWERS = `select
    (select rolsuper from pg_roles where rolname = current_user)
      or exists (select from pg_roles where rolname in ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program') and pg_has_role(oid, 'member')) as strong,
    exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
        and has_table_privilege(c.oid, 'insert, update, delete, truncate')) as writes`;

/** `LEDGER_DB` in the configuration can be `ledger-db` or `ledger_db` in a definition. */
function canonical(name: string): string {
  return name.replaceAll('_', '-');
}

/** An error that Postgres returned, as opposed to one of the connection. */
interface PostgresError extends Error {
  code: string;
  severity: string;
  position?: string;
}

function isPostgresError(error: unknown): error is PostgresError {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && severity === 'ERROR';
}

/**
 * Classes of SQLSTATE that mean that the query is wrong, rather than the data source. Its author
 * can fix it.
 */
const AUTHOR_ERROR = /^(0A|21|22|23|25|2B|42|44)/;

const REASONS: Readonly<Record<string, string>> = {
  '25006': 'tries to write, but may only read',
  '42501': 'lacks a permission',
  '42P01': 'reads a table that does not exist',
  '42703': 'reads a column that does not exist',
  '55P03': 'waits too long for a lock',
  '57014': 'takes too long',
};

/**
 * Passes on only the code of an error: Postgres's message can contain values of arguments and rows.
 */
function toComposeError(name: string, error: unknown): ComposeError {
  if (error instanceof ComposeError) return error;
  if (!isPostgresError(error)) return new DataSourceUnavailableError(`the data source ${name} does not respond`);
  const { code } = error;
  return new ComposeError(`the query on data source ${name} ${REASONS[code] ?? 'fails'} (SQLSTATE ${code})`);
}

/** Converts a count of characters (Postgres) to UTF-16 code units (JavaScript). */
function utf16Offset(text: string, characters: number): number {
  return [...text].slice(0, characters).join('').length;
}
