import { Pool, type PoolClient, type QueryConfig } from 'pg';
import type { Logger } from 'pino';
import { ComposeError, MAX_COMPOSED_BYTES } from '../../domain/composing';
import { POSTGRES } from '../../domain/sql-dialects';
import { clientsWithin } from '../../process/pg-clients';
import { tooLarge } from './row-texts';
import {
  CHECK_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  IDLE_MS,
  KEEP_ALIVE_MS,
  POWERFUL,
  QUERY_TIMEOUT_MS,
  queryError,
  silent,
  unreachable,
  WRITES,
  type DataSource,
  type Reason,
  type SourceFault,
  type SourceQuery,
} from './source';

/**
 * The extended protocol takes one statement. Without values, the driver would use the simple one,
 * which takes several, and so `select 1) as q; commit; drop table …`.
 */
const oneStatement = (text: string, values: readonly (string | null)[]) =>
  ({ text, values: [...values], queryMode: 'extended' }) as QueryConfig;

/** A Postgres. Its transactions are read-only. */
export class PostgresSource implements DataSource {
  readonly dialect = POSTGRES;
  private readonly pool: Pool;

  /** @param connections - maximum number */
  constructor(
    private readonly name: string,
    connectionString: string,
    connections: number,
    log: Logger,
  ) {
    this.pool = new Pool({
      connectionString,
      max: connections,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_MS,
      Client: clientsWithin(QUERY_TIMEOUT_MS),
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      application_name: 'signpost-definitions',
      allowExitOnIdle: true,
    });
    // The pool does not listen to a client that is in use, and an error without a listener ends
    // the process.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
    this.pool.on('error', (error) => log.warn({ err: error, dataSource: name }, 'an idle connection broke'));
  }

  async check(query: SourceQuery): Promise<{ columns: string[] } | SourceFault> {
    const prefix = 'select * from (';
    return this.readOnly(CHECK_TIMEOUT_MS, async (client) => {
      try {
        const values = query.parameters.map(() => null);
        const { fields } = await client.query(oneStatement(`${prefix}${query.text}\n) as q limit 0`, values));
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

  async rows(
    query: SourceQuery,
    values: readonly (string | null)[],
    maxRows: number,
    timeoutMs: number,
  ): Promise<string[]> {
    // Rows beyond the size limit of a body are returned as null, so that they cannot fill our
    // memory.
    const text = `select case when sum(octet_length(j)) over (rows unbounded preceding) <= ${MAX_COMPOSED_BYTES} then j end as j
      from (select row_to_json(q)::text as j from (${query.text}\n) as q limit ${maxRows}) as r`;
    const rows = await this.readOnly(timeoutMs, async (client) => {
      const result = await client.query<{ j: string | null }>(oneStatement(text, values));
      return result.rows.map(({ j }) => j);
    });
    if (!rows.every((row) => row !== null)) throw tooLarge(this.name);
    return rows;
  }

  async powers(): Promise<string | undefined> {
    const { rows } = await this.readOnly(CHECK_TIMEOUT_MS, (client) => client.query<Powers>(POWERS));
    const [{ strong, writes }] = rows as [Powers];
    if (strong) return POWERFUL;
    return writes ? WRITES : undefined;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async readOnly<T>(timeoutMs: number, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch(() => {
      throw unreachable(this.name);
    });
    const milliseconds = Math.max(1, Math.floor(timeoutMs));
    let usable = true;
    try {
      await client.query(
        `begin read only; set local statement_timeout = ${milliseconds}; set local lock_timeout = ${milliseconds}; set local timezone = 'UTC'; set local standard_conforming_strings = on`,
      );
      return await work(client);
    } catch (error) {
      usable = isPostgresError(error);
      throw this.toComposeError(error);
    } finally {
      // The rollback also undoes what a query changed in its session, except for its locks.
      usable &&= await client.query('rollback; select pg_advisory_unlock_all()').then(
        () => true,
        () => false,
      );
      client.release(!usable);
    }
  }

  private toComposeError(error: unknown): ComposeError {
    if (error instanceof ComposeError) return error;
    if (!isPostgresError(error)) return silent(this.name);
    return queryError(this.name, REASON_OF[error.code], `SQLSTATE ${error.code}`);
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

const REASON_OF: Readonly<Record<string, Reason>> = {
  '25006': 'write',
  '42501': 'permission',
  '42P01': 'table',
  '42703': 'column',
  '55P03': 'lock',
  '57014': 'time',
};

/** Converts a count of characters (Postgres) to UTF-16 code units (JavaScript). */
function utf16Offset(text: string, characters: number): number {
  return [...text].slice(0, characters).join('').length;
}
