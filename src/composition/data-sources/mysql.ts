import type { Socket } from 'node:net';
import type { FieldPacket, Pool, PoolConnection, PoolOptions, RowDataPacket } from 'mysql2';
import type { Logger } from 'pino';
import { ComposeError, MAX_COMPOSED_BYTES } from '../../domain/composing';
import { serverAddress } from '../../domain/data-source-url';
import { MYSQL } from '../../domain/sql-dialects';
import { within } from '../../process/time-limit';
import { argumentTexts } from './argument-texts';
import { columnToJson } from './mysql-columns';
import { isQueryError, offsetOf, reasonOf } from './mysql-errors';
import { powersOf } from './mysql-grants';
import { RowTexts, tooLarge } from './row-texts';
import {
  CHECK_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  IDLE_MS,
  KEEP_ALIVE_MS,
  OVERTIME_MS,
  queryError,
  silent,
  unreachable,
  type DataSource,
  type SourceFault,
  type SourceQuery,
} from './source';

/** Bytes of a result that are read: the names of columns count, too. */
const MAX_READ_BYTES = MAX_COMPOSED_BYTES + 1024 * 1024;
const DIGITS = { whole: 35, fraction: 30, zone: '' };

/**
 * A MySQL or MariaDB. Its transactions are read-only. Statements are prepared by the server, which
 * takes one statement and no values in its text.
 */
export class MysqlSource implements DataSource {
  readonly dialect = MYSQL;
  private pool: Pool | undefined;
  private isMariaDb: boolean | undefined;
  private readonly sockets = new Set<Socket>();

  /** @param connections - maximum number */
  constructor(
    private readonly name: string,
    private readonly url: string,
    private readonly connections: number,
    private readonly log: Logger,
  ) {}

  async check(query: SourceQuery): Promise<{ columns: string[] } | SourceFault> {
    return this.readOnly(CHECK_TIMEOUT_MS, 1, async (connection) => {
      try {
        const columns = await new Promise<FieldPacket[]>((resolve, reject) =>
          connection.prepare(query.text, (error, statement) =>
            error ? reject(error) : resolve((statement as unknown as { columns: FieldPacket[] }).columns),
          ),
        );
        for (const column of columns) columnToJson(column);
        return { columns: columns.map(({ name }) => name) };
      } catch (error) {
        if (error instanceof ComposeError) return { message: error.message };
        if (!isQueryError(error) || reasonOf(error) === 'time') throw error;
        return { message: error.sqlMessage, offset: offsetOf(error, query.text) };
      }
    });
  }

  async rows(
    query: SourceQuery,
    values: readonly (string | null)[],
    maxRows: number,
    timeoutMs: number,
  ): Promise<string[]> {
    const texts = argumentTexts(query, values, DIGITS);
    return this.readOnly(timeoutMs, maxRows, (connection) => this.read(connection, query.text, texts, maxRows));
  }

  async powers(): Promise<string | undefined> {
    const grants = await this.readOnly(CHECK_TIMEOUT_MS, 1000, (connection) => allRows(connection, 'show grants'));
    return powersOf(grants.map((grant) => String(grant[0])));
  }

  async close(): Promise<void> {
    const { pool } = this;
    if (pool) await new Promise<void>((resolve) => pool.end(() => resolve()));
    // The pool says goodbye, but leaves the rest to the server, which may be gone.
    for (const socket of this.sockets) socket.destroySoon();
  }

  /** Reads rows as they arrive, so that no result fills our memory. */
  private async read(
    connection: PoolConnection,
    sql: string,
    values: (string | null)[],
    maxRows: number,
  ): Promise<string[]> {
    const socket = socketOf(connection);
    let bytes = 0;
    let rows = new RowTexts(this.name, []);
    return new Promise<string[]>((resolve, reject) => {
      const count = (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_READ_BYTES) reject(tooLarge(this.name));
      };
      const attempt = (work: () => void) => {
        try {
          work();
        } catch (error) {
          reject(error as Error);
        }
      };
      socket.on('data', count);
      const command = connection.execute({ sql, values, rowsAsArray: true });
      command.on('error', reject);
      command.on('fields', (fields: FieldPacket[]) =>
        attempt(() => {
          const columns = fields.map((field) => ({ name: field.name, toJson: columnToJson(field) }));
          rows = new RowTexts(this.name, columns);
        }),
      );
      command.on('result', (row: unknown) =>
        attempt(() => {
          if (rows.texts.length < maxRows) return rows.add(row as unknown[]);
          // A LIMIT of the query lifts that of the session.
          discard(connection);
          resolve(rows.texts);
        }),
      );
      command.on('end', () => {
        socket.off('data', count);
        resolve(rows.texts);
      });
    });
  }

  private async readOnly<T>(
    timeoutMs: number,
    maxRows: number,
    work: (connection: PoolConnection) => Promise<T>,
  ): Promise<T> {
    const limitMs = Math.max(1, Math.floor(timeoutMs));
    const connection = await this.connect();
    let fail: (error: Error) => void;
    // The driver does not report a broken connection to a command that reads rows.
    const lost = new Promise<never>((_, reject) => connection.once('error', (fail = reject)));
    try {
      const running = Promise.race([this.transaction(connection, limitMs, maxRows, work), lost]);
      return await within(limitMs + OVERTIME_MS, running, () => Promise.reject(silent(this.name)));
    } catch (error) {
      // What arrives after it would belong to the next query.
      if (!isQueryError(error)) discard(connection);
      throw this.toComposeError(error);
    } finally {
      connection.off('error', fail!);
      await giveBack(connection);
    }
  }

  private async transaction<T>(
    connection: PoolConnection,
    limitMs: number,
    maxRows: number,
    work: (connection: PoolConnection) => Promise<T>,
  ): Promise<T> {
    this.isMariaDb ??= /mariadb/i.test(String((await allRows(connection, 'select version()'))[0]![0]));
    const seconds = Math.ceil(limitMs / 1000);
    const timeLimit = this.isMariaDb ? `max_statement_time = ${limitMs / 1000}` : `max_execution_time = ${limitMs}`;
    await allRows(
      connection,
      // The last one: how text is read must not depend on the server's settings.
      `set ${timeLimit}, innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}, sql_select_limit = ${maxRows}, time_zone = '+00:00', character_set_client = utf8mb4, character_set_connection = utf8mb4, character_set_results = utf8mb4, sql_mode = if(find_in_set('ONLY_FULL_GROUP_BY', @@sql_mode), 'STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY', 'STRICT_TRANS_TABLES')`,
    );
    await allRows(connection, 'start transaction read only');
    const begun = performance.now();
    const result = await work(connection);
    // Functions such as SLEEP return a value if the server ends them.
    if (performance.now() - begun >= limitMs) throw queryError(this.name, 'time', 'time limit');
    return result;
  }

  private async connect(): Promise<PoolConnection> {
    const pool = (this.pool ??= this.open());
    let late = false;
    const connecting = new Promise<PoolConnection>((resolve, reject) =>
      pool.getConnection((error, connection) => {
        if (error) return reject(error);
        // Somebody else can have it.
        if (late) return connection.release();
        resolve(connection);
      }),
    );
    return within(CONNECT_TIMEOUT_MS, connecting, () => Promise.reject(unreachable(this.name))).catch(() => {
      late = true;
      throw unreachable(this.name);
    });
  }

  private open(): Pool {
    const { options, ...address } = serverAddress(this.url, 3306);
    // Loaded here, so that a process without such a data source does not wait for the driver.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { createPool } = require('mysql2') as typeof import('mysql2');
    const pool = createPool({
      ...address,
      ssl: SSL[options['ssl-mode'] ?? 'disabled'],
      connectionLimit: this.connections,
      // Below the limit: the driver otherwise keeps idle connections forever.
      maxIdle: Math.max(1, this.connections - 1),
      idleTimeout: IDLE_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      multipleStatements: false,
      // No server can ask for our files.
      flags: ['-LOCAL_FILES'],
      charset: 'utf8mb4_general_ci',
      timezone: 'Z',
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      jsonStrings: true,
      disableEval: true,
      connectAttributes: { program_name: 'signpost-definitions' },
    } as PoolOptions);
    pool.on('connection', (connection) => {
      const socket = socketOf(connection);
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      // An error without a listener ends the process.
      connection.on('error', (error) => this.log.debug({ err: error, dataSource: this.name }, 'a connection broke'));
    });
    return pool;
  }

  private toComposeError(error: unknown): ComposeError {
    if (error instanceof ComposeError) return error;
    if (!isQueryError(error)) return silent(this.name);
    return queryError(this.name, reasonOf(error), `error ${error.errno}, SQLSTATE ${error.sqlState}`);
  }
}

/** The modes of MySQL's own clients. A certificate is checked in the last one only. */
const SSL: Readonly<Record<string, PoolOptions['ssl']>> = {
  disabled: undefined,
  required: { rejectUnauthorized: false },
  'verify-identity': { rejectUnauthorized: true, verifyIdentity: true },
};

async function allRows(connection: PoolConnection, sql: string): Promise<unknown[][]> {
  return new Promise((resolve, reject) =>
    connection.query<RowDataPacket[]>({ sql, rowsAsArray: true }, (error, rows) =>
      error ? reject(error) : resolve(rows as unknown as unknown[][]),
    ),
  );
}

/** The types of the driver do not name it. */
const socketOf = (connection: PoolConnection) => (connection as unknown as { stream: Socket }).stream;

/** Resets the session, which rolls back and drops locks, variables and temporary tables. */
async function giveBack(connection: PoolConnection): Promise<void> {
  if (socketOf(connection).destroyed) return;
  const reset = new Promise<boolean>((resolve) => connection.reset((error) => resolve(!error)));
  if (await within(OVERTIME_MS, reset, () => false)) connection.release();
  else discard(connection);
}

function discard(connection: PoolConnection): void {
  connection.destroy();
  // The driver only ends its side.
  socketOf(connection).destroy();
}
