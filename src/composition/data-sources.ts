import type { Logger } from 'pino';
import { ComposeError, type EvaluationOwner } from '../domain/composing';
import { databaseOf, type DatabaseKind } from '../domain/data-source-url';
import type { SqlDialect } from '../domain/sql-dialects';
import { MssqlSource } from './data-sources/mssql';
import { MysqlSource } from './data-sources/mysql';
import { PostgresSource } from './data-sources/postgres';
import { CHECK_TIMEOUT_MS, type DataSource, type SourceFault, type SourceQuery } from './data-sources/source';
import { SourceTurns, type SourceMetrics } from './source-turns';
import type { TransformKind } from './transform-pool';

/** Connections to each data source. */
const CONNECTIONS: Readonly<Record<TransformKind, number>> = { delivery: 4, 'dry-run': 2 };

const SOURCES: Record<DatabaseKind, new (name: string, url: string, connections: number, log: Logger) => DataSource> = {
  postgres: PostgresSource,
  mysql: MysqlSource,
  mssql: MssqlSource,
};

interface DataSourcesOptions {
  /** What they are used for. */
  kind: TransformKind;
  /** Maximum number of connections to each. @default by the kind */
  connections?: number;
  metrics?: SourceMetrics;
}

/** The databases that service definitions read, by name. Customers take turns at each. */
export class DataSources {
  private readonly sources: ReadonlyMap<string, { source: DataSource; turns: SourceTurns }>;

  /** @param urls - connection URLs by name, whose scheme chooses the kind of database */
  constructor(
    urls: Readonly<Record<string, string>>,
    private readonly log: Logger,
    { kind, connections = CONNECTIONS[kind], metrics }: DataSourcesOptions = { kind: 'delivery' },
  ) {
    this.sources = new Map(
      Object.entries(urls).map(([name, url]) => [
        name,
        {
          source: new SOURCES[databaseOf(url)](name, url, connections, log),
          turns: new SourceTurns(connections, kind, metrics),
        },
      ]),
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
    return this.get(name).source.dialect;
  }

  /** See {@link DataSource.check}. @throws ComposerBusyError */
  async check(name: string, owner: EvaluationOwner, query: SourceQuery): Promise<{ columns: string[] } | SourceFault> {
    const { source, turns } = this.get(name);
    return turns.run(owner, CHECK_TIMEOUT_MS, () => source.check(query));
  }

  /** See {@link DataSource.rows}. @throws ComposerBusyError */
  async rows(
    name: string,
    owner: EvaluationOwner,
    query: SourceQuery,
    values: readonly (string | null)[],
    maxRows: number,
    timeoutMs: number,
  ): Promise<string[]> {
    const { source, turns } = this.get(name);
    return turns.run(owner, timeoutMs, (leftMs) => source.rows(query, values, maxRows, leftMs));
  }

  /** Warns of data sources whose login could do more than read, in the log. */
  async warnOfPowers(): Promise<void> {
    for (const [name, { source }] of this.sources) {
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
    await Promise.all([...this.sources.values()].map(({ source }) => source.close()));
  }

  private get(name: string) {
    const source = this.sources.get(canonical(name));
    if (!source) throw new ComposeError(`the data source ${name} is not configured`);
    return source;
  }
}

/** `LEDGER_DB` in the configuration can be `ledger-db` or `ledger_db` in a definition. */
function canonical(name: string): string {
  return name.replaceAll('_', '-');
}
