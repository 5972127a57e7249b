import type { Logger } from 'pino';
import { ComposeError } from '../domain/composing';
import { databaseOf, type DatabaseKind } from '../domain/data-source-url';
import type { SqlDialect } from '../domain/sql-dialects';
import { MssqlSource } from './data-sources/mssql';
import { MysqlSource } from './data-sources/mysql';
import { PostgresSource } from './data-sources/postgres';
import type { DataSource, SourceFault, SourceQuery } from './data-sources/source';

/** Connections to each data source for deliveries, and for dry runs and checks. */
const DELIVERY_CONNECTIONS = 4;
export const DRY_RUN_CONNECTIONS = 2;

const SOURCES: Record<DatabaseKind, new (name: string, url: string, connections: number, log: Logger) => DataSource> = {
  postgres: PostgresSource,
  mysql: MysqlSource,
  mssql: MssqlSource,
};

/** The databases that service definitions read, by name. */
export class DataSources {
  private readonly sources: ReadonlyMap<string, DataSource>;

  /**
   * @param urls - connection URLs by name, whose scheme chooses the kind of database
   * @param connections - maximum number of connections to each
   */
  constructor(
    urls: Readonly<Record<string, string>>,
    private readonly log: Logger,
    connections = DELIVERY_CONNECTIONS,
  ) {
    this.sources = new Map(
      Object.entries(urls).map(([name, url]) => [name, new SOURCES[databaseOf(url)](name, url, connections, log)]),
    );
  }

  has(name: string): boolean {
    return this.sources.has(canonical(name));
  }

  /**
   * How the SQL of a data source is read.
   *
   * @throws ComposeError if there is no such data source
   */
  dialectOf(name: string): SqlDialect {
    return this.get(name).dialect;
  }

  /** See {@link DataSource.check}. */
  async check(name: string, query: SourceQuery): Promise<{ columns: string[] } | SourceFault> {
    return this.get(name).check(query);
  }

  /** See {@link DataSource.rows}. */
  async rows(
    name: string,
    query: SourceQuery,
    values: readonly (string | null)[],
    maxRows: number,
    timeoutMs: number,
  ): Promise<string[]> {
    return this.get(name).rows(query, values, maxRows, timeoutMs);
  }

  /** Warns of data sources whose login could do more than read, in the log. */
  async warnOfPowers(): Promise<void> {
    for (const [name, source] of this.sources) {
      try {
        const powers = await source.powers();
        if (powers !== undefined)
          this.log.warn({ dataSource: name }, `the role of this data source ${powers}; give it one that may only read`);
      } catch (error) {
        if (!(error instanceof ComposeError)) throw error;
        this.log.warn({ dataSource: name }, `the rights of this data source are unknown: ${error.message}`);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.sources.values()].map((source) => source.close()));
  }

  private get(name: string): DataSource {
    const source = this.sources.get(canonical(name));
    if (!source) throw new ComposeError(`the data source ${name} is not configured`);
    return source;
  }
}

/** `LEDGER_DB` in the configuration can be `ledger-db` or `ledger_db` in a definition. */
function canonical(name: string): string {
  return name.replaceAll('_', '-');
}
