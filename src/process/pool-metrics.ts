import { Counter, Gauge, type Registry } from 'prom-client';

/** The use of a pool of connections. */
interface PoolUse {
  max: number;
  open: number;
  inUse: number;
  waiting: number;
  refused: Readonly<Record<string, number>>;
}

const NAMES: Readonly<Record<string, string>> = {
  db: 'general',
  pathDb: 'path',
  keyedDb: 'keyed',
  authDb: 'authentication',
  readDb: 'read',
  maintenanceDb: 'maintenance',
};

/** Registers the metrics of the pools of Postgres connections. */
export function registerPoolMetrics(registry: Registry, pools: object): void {
  const named = Object.entries(pools as Record<string, { use(): PoolUse }>).map(
    ([name, pool]) => [NAMES[name] ?? name, pool] as const,
  );
  const registers = [registry];
  const gauge = (name: string, help: string, valueOf: (use: PoolUse) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['pool'],
      registers,
      collect() {
        for (const [pool, { use }] of named) this.set({ pool }, valueOf(use()));
      },
    });
  gauge(
    'signpost_database_connections_allowed',
    'Postgres connections that this process may open, by pool.',
    ({ max }) => max,
  );
  gauge('signpost_database_connections', 'Open Postgres connections of this process, by pool.', ({ open }) => open);
  gauge(
    'signpost_database_connections_in_use',
    'Postgres connections in use by this process, by pool.',
    ({ inUse }) => inUse,
  );
  gauge(
    'signpost_database_waiting',
    'Callers of this process that wait for a Postgres connection, by pool.',
    ({ waiting }) => waiting,
  );
  new Counter({
    name: 'signpost_database_refused_total',
    help: 'Statements that ended at a limit: connect (no connection in time), statement, lock, or silence (no answer).',
    labelNames: ['pool', 'limit'],
    registers,
    collect() {
      this.reset();
      for (const [pool, { use }] of named)
        for (const [limit, count] of Object.entries(use().refused)) this.inc({ pool, limit }, count);
    },
  });
}
