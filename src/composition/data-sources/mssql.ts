import type { config as PoolConfig, ConnectionPool, IColumn, Request } from 'mssql';
import type { Logger } from 'pino';
import { ComposeError, MAX_COMPOSED_BYTES } from '../../domain/composing';
import { serverAddress } from '../../domain/data-source-url';
import { MSSQL } from '../../domain/sql-dialects';
import { within } from '../../process/time-limit';
import { argumentTexts } from './argument-texts';
import { columnToJson, type MssqlColumn } from './mssql-columns';
import { RowTexts } from './row-texts';
import {
  CHECK_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  IDLE_MS,
  notInJson,
  OVERTIME_MS,
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

/** Longest text that is no `max` type, with which SQL Server cannot use every index. */
const MAX_TEXT = 4000;
const DIGITS = { whole: 20, fraction: 18, zone: '+00:00' };

/** Columns of FOR JSON and FOR XML, whose rows are pieces of one text. */
const PIECES = /^(JSON|XML)_F52E2B61-18A1-11d1-B105-00805F49916B$/;

interface Batch {
  text: string;
  values: Readonly<Record<string, string | null>>;
  timeoutMs: number;
  onColumns(columns: MssqlColumn[]): void;
  /** @returns whether to go on */
  onRow(values: unknown[]): boolean;
}

/**
 * A SQL Server or Azure SQL. It has no read-only transactions: {@link MSSQL} refuses what is no
 * SELECT, the transaction is rolled back, and the login should only read. A SELECT cannot change
 * its session, so that none has to be reset.
 */
export class MssqlSource implements DataSource {
  readonly dialect = MSSQL;
  private connecting: Promise<ConnectionPool> | undefined;

  /** @param connections - maximum number */
  constructor(
    private readonly name: string,
    private readonly url: string,
    private readonly connections: number,
    private readonly log: Logger,
  ) {}

  async check({ text, parameters }: SourceQuery): Promise<{ columns: string[] } | SourceFault> {
    const declarations = parameters.map((_, index) => `@p${index + 1} nvarchar(4000)`).join();
    try {
      const described = await this.table(
        'exec sys.sp_describe_first_result_set @tsql = @query, @params = @declarations',
        { query: text, declarations },
      );
      const columns = described.filter(({ is_hidden }) => !is_hidden);
      const odd = columns.find(({ name, system_type_name }) => isOdd(name, system_type_name));
      return odd
        ? { message: oddColumn(String(odd.name)) }
        : { columns: columns.map(({ name }) => String(name ?? '')) };
    } catch (error) {
      if (!isServerError(error) || !isAuthorError(error)) throw this.toComposeError(error);
      return { message: error.message, line: error.lineNumber };
    }
  }

  async rows(
    query: SourceQuery,
    values: readonly (string | null)[],
    maxRows: number,
    timeoutMs: number,
  ): Promise<string[]> {
    const texts = argumentTexts(query, values, DIGITS);
    let rows = new RowTexts(this.name, []);
    try {
      await this.run({
        text: rolledBack(query.text, maxRows, timeoutMs),
        values: Object.fromEntries(texts.map((value, index) => [`p${index + 1}`, value])),
        timeoutMs,
        onColumns: (columns) => {
          rows = new RowTexts(
            this.name,
            columns.map((column) => ({ name: column.name, toJson: columnToJson(column) })),
          );
        },
        onRow(row) {
          if (rows.texts.length < maxRows) rows.add(row);
          return rows.texts.length < maxRows;
        },
      });
    } catch (error) {
      throw this.toComposeError(error);
    }
    return rows.texts;
  }

  async powers(): Promise<string | undefined> {
    try {
      const [powers] = await this.table(POWERS, {});
      if (powers?.strong) return 'is a superuser of its server';
      return powers?.writes ? `${WRITES}, and SQL Server has no read-only transactions` : undefined;
    } catch (error) {
      throw this.toComposeError(error);
    }
  }

  async close(): Promise<void> {
    const pool = await this.connecting?.catch(() => undefined);
    await pool?.close();
  }

  /** The rows of a statement of ours. */
  private async table(text: string, values: Batch['values']): Promise<Record<string, unknown>[]> {
    let names: string[] = [];
    const rows: Record<string, unknown>[] = [];
    await this.run({
      text,
      values,
      timeoutMs: CHECK_TIMEOUT_MS,
      onColumns: (columns) => (names = columns.map(({ name }) => name)),
      onRow: (row) => rows.push(Object.fromEntries(names.map((name, index) => [name, row[index]]))) > 0,
    });
    return rows;
  }

  /** Reads rows as they arrive, and cancels the statement once there are enough. */
  private async run(batch: Batch): Promise<void> {
    const limitMs = Math.max(1, Math.floor(batch.timeoutMs));
    const pool = await this.connect();
    // The types of the driver do not name its options.
    const request = (pool.request as (options: object) => Request).call(pool, { requestTimeout: limitMs });
    request.stream = true;
    request.arrayRowMode = true;
    for (const [name, value] of Object.entries(batch.values)) request.input(name, textType(value), value);
    const running = new Promise<void>((resolve, reject) => {
      let results = 0;
      const end = (work: () => boolean) => {
        try {
          if (work()) return;
          resolve();
        } catch (error) {
          reject(error as Error);
        }
        request.cancel();
      };
      request.on('recordset', (columns: IColumn[]) =>
        end(() => {
          if (++results > 1) throw new ComposeError(`the query on data source ${this.name} has more than one result`);
          batch.onColumns(columns.map(columnOf));
          return true;
        }),
      );
      request.on('row', (row: unknown[]) => end(() => batch.onRow(row)));
      request.on('error', reject);
      request.on('done', () => resolve());
      void request.query(batch.text);
    });
    await within(limitMs + OVERTIME_MS, running, () => Promise.reject(silent(this.name)));
  }

  private async connect(): Promise<ConnectionPool> {
    const connecting = (this.connecting ??= this.open().connect());
    // The driver tries once on its own before the first connection of the pool.
    return within(2 * CONNECT_TIMEOUT_MS, connecting, () => Promise.reject(unreachable(this.name))).catch(() => {
      if (this.connecting === connecting) this.connecting = undefined;
      throw unreachable(this.name);
    });
  }

  private open(): ConnectionPool {
    const { host, options, ...login } = serverAddress(this.url, 1433);
    const pool = new (driver().ConnectionPool)({
      ...login,
      server: host,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: QUERY_TIMEOUT_MS,
      validateConnection: 'socket',
      pool: { min: 0, max: this.connections, idleTimeoutMillis: IDLE_MS, acquireTimeoutMillis: CONNECT_TIMEOUT_MS },
      options: {
        encrypt: options.encrypt !== 'false',
        trustServerCertificate: options.trustServerCertificate === 'true',
        appName: 'signpost-definitions',
        cancelTimeout: OVERTIME_MS,
        enableArithAbort: true,
        useUTC: true,
      },
    } as PoolConfig);
    // An error without a listener ends the process.
    pool.on('error', (error) => this.log.warn({ err: error, dataSource: this.name }, 'an idle connection broke'));
    return pool;
  }

  private toComposeError(error: unknown): ComposeError {
    if (error instanceof ComposeError) return error;
    if (isServerError(error)) return queryError(this.name, REASON_OF[error.number], `error ${error.number}`);
    const { name, code } = error as { name?: string; code?: string };
    if (name === 'RequestError' && code === 'ETIMEOUT') return queryError(this.name, 'time', 'time limit');
    return name === 'RequestError' ? silent(this.name) : unreachable(this.name);
  }
}

/**
 * Loaded on first use, so that a process without such a data source does not wait for the driver.
 */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const driver = () => require('mssql') as typeof import('mssql');

function textType(value: string | null) {
  const { NVarChar, MAX } = driver();
  return value !== null && value.length > MAX_TEXT ? NVarChar(MAX) : NVarChar(MAX_TEXT);
}

function columnOf({ name, type, scale }: IColumn & { scale?: number }): MssqlColumn {
  const [kind] = Object.entries(driver().TYPES).find(([, factory]) => factory === type) ?? [''];
  if (PIECES.test(name)) throw new ComposeError(oddColumn(name));
  return { name, type: kind, scale };
}

const isOdd = (name: unknown, type: unknown) =>
  PIECES.test(String(name)) || /^(sql_variant|geometry|geography|hierarchyid)$/.test(String(type));

const oddColumn = (name: string) =>
  PIECES.test(name) ? 'FOR JSON and FOR XML are not supported: return columns' : notInJson(name);

/**
 * On the line of the query, so that line numbers are those of its text. An error rolls back, too. A
 * value that is cut off is larger than a body can be, also if a character takes two bytes.
 */
function rolledBack(query: string, maxRows: number, timeoutMs: number): string {
  const settings = `set xact_abort on; set lock_timeout ${Math.ceil(timeoutMs)}; set rowcount ${maxRows}; set textsize ${2 * (MAX_COMPOSED_BYTES + 1)}`;
  return `${settings}; if @@trancount > 0 rollback transaction; begin transaction; ${query}\n;rollback transaction`;
}

/** What a login can do beyond reading tables. */
const POWERS = `select is_srvrolemember('sysadmin') as strong,
    case when exists (select 1 from sys.objects o
      where o.type in ('U', 'V', 'SO') and (
        has_perms_by_name(quotename(schema_name(o.schema_id)) + '.' + quotename(o.name), 'OBJECT', 'INSERT') = 1
        or has_perms_by_name(quotename(schema_name(o.schema_id)) + '.' + quotename(o.name), 'OBJECT', 'UPDATE') = 1
        or has_perms_by_name(quotename(schema_name(o.schema_id)) + '.' + quotename(o.name), 'OBJECT', 'DELETE') = 1))
      then 1 else 0 end as writes`;

/** An error that SQL Server returned, as opposed to one of the connection or of the driver. */
interface ServerError extends Error {
  number: number;
  class: number;
  lineNumber?: number;
}

function isServerError(error: unknown): error is ServerError {
  return typeof (error as Partial<ServerError> | null)?.number === 'number';
}

/** From 17 on, the class says that the server has a problem. */
const isAuthorError = ({ number, class: severity }: ServerError) =>
  severity >= 11 && severity <= 16 && REASON_OF[number] !== 'lock';

const REASON_OF: Readonly<Record<number, Reason>> = {
  207: 'column',
  208: 'table',
  229: 'permission',
  230: 'permission',
  262: 'permission',
  297: 'permission',
  300: 'permission',
  1205: 'lock',
  1222: 'lock',
  3906: 'write',
  3908: 'write',
};
