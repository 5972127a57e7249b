import { Gauge, type Registry } from 'prom-client';
import { CachedReading } from './cached-reading';
import { DATABASE_WIDE } from './database-wide';

/** The partitions of one table. */
interface TableReading {
  table: string;
  partitions: number;
  ahead: number;
  rowsInDefault: number;
}

/** Partitions change once a day, and reading the catalog costs more the more there are. */
const FRESH_MS = 60_000;

/** Registers the metrics of partitions. `read` is called at scrapes, at most once a minute. */
export function registerRetentionMetrics(registry: Registry, read: () => Promise<TableReading[]>): void {
  const reading = new CachedReading(read, FRESH_MS);
  const gauge = (name: string, help: string, valueOf: (table: TableReading) => number) =>
    new Gauge({
      name,
      help: `${help} ${DATABASE_WIDE}`,
      labelNames: ['table'],
      registers: [registry],
      async collect() {
        for (const table of (await reading.read()) ?? []) this.set({ table: table.table }, valueOf(table));
      },
    });
  gauge('signpost_partitions', 'Partitions of a table.', ({ partitions }) => partitions);
  gauge(
    'signpost_partitions_ahead',
    'Partitions for days, or periods of event_keys, that have not begun.',
    ({ ahead }) => ahead,
  );
  gauge(
    'signpost_default_partition_rows',
    'Rows without a partition of their day, counted up to 100,000. Maintenance moves them.',
    ({ rowsInDefault }) => rowsInDefault,
  );
}
