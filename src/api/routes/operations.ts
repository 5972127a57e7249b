import { z } from 'zod';
import type { Metrics } from '../../process/metrics';
import { PacedRuns } from '../../process/paced-runs';
import { pacedScrapes } from '../../process/paced-scrapes';
import type { Database } from '../../store/db/database';
import { VERSION } from '../../process/version';
import { route, type Route } from '../http/route';

const READY_TIMEOUT_MS = 3000;
/** A check needs no credential, so a flood of them must cost no more than this pace. */
const CHECK_INTERVAL_MS = 50;
const part = z.enum(['ok', 'unreachable']);
const readinessQuery = z.strictObject({
  role: z
    .enum(['api', 'worker'])
    .optional()
    .describe('With `api`, Temporal does not count: events are accepted and first attempts made without it.'),
});

/** Checks whether a part of the service is reachable. Never throws. */
export type Probe = () => Promise<boolean>;

/** Liveness, readiness and metrics. */
export function operationRoutes({
  authDb,
  db,
  temporal,
  metrics,
  isStopping,
  servesMetrics,
}: {
  authDb: Database;
  /** Of a pool that writes. */
  db: Database;
  temporal: Probe;
  metrics: Metrics;
  /** Whether the process is about to stop: load balancers must send it nothing more. */
  isStopping(): boolean;
  /** Whether metrics are served here, and not on a port of their own. */
  servesMetrics: boolean;
}): Route[] {
  const checks = new PacedRuns(CHECK_INTERVAL_MS, () =>
    Promise.all([answers(async () => !db.isSilent() && (await canWrite(authDb))), answers(temporal)]),
  );
  const routes = [
    route({
      method: 'get',
      path: '/healthz',
      summary: 'Check liveness',
      tag: 'Operations',
      roles: 'public',
      answers: {
        200: {
          description: 'The process is running',
          schema: z.object({ status: z.literal('ok'), version: z.string() }),
        },
      },
      async handle() {
        return { status: 200, body: { status: 'ok', version: VERSION } };
      },
    }),
    route({
      method: 'get',
      path: '/readyz',
      summary: 'Check readiness: Postgres and Temporal are reachable',
      tag: 'Operations',
      roles: 'public',
      query: readinessQuery,
      answers: {
        200: {
          description: 'The process is ready',
          schema: z.object({ status: z.literal('ready'), postgres: part, temporal: part }),
        },
        503: {
          description: 'Postgres or Temporal is unreachable, or the process is stopping',
          schema: z.object({ status: z.literal('not-ready'), postgres: part, temporal: part }),
        },
      },
      async handle({ query: { role } }) {
        const [postgres, temporalUp] = await checks.call();
        const ready = postgres && (temporalUp || role === 'api') && !isStopping();
        const stateOf = (up: boolean) => (up ? 'ok' : 'unreachable');
        return {
          status: ready ? 200 : 503,
          body: { status: ready ? 'ready' : 'not-ready', postgres: stateOf(postgres), temporal: stateOf(temporalUp) },
        };
      },
    }),
  ];
  if (servesMetrics) routes.push(metricsRoute(metrics));
  return routes;
}

function metricsRoute(metrics: Metrics): Route {
  const scrape = pacedScrapes(metrics.registry);
  return route({
    method: 'get',
    path: '/metrics',
    summary: 'Get Prometheus metrics',
    description:
      'In the text format, or as OpenMetrics if `Accept` prefers `application/openmetrics-text`. Only OpenMetrics has exemplars.',
    tag: 'Operations',
    roles: 'public',
    answers: {
      200: { description: 'The metrics in the Prometheus text format', schema: z.string(), contentType: 'text/plain' },
    },
    async handle({ headers, response }) {
      const { text, contentType } = await scrape(headers.accept);
      response.status(200).vary('accept').set('content-type', contentType).send(text);
      return { status: 200 };
    },
  });
}

/** A standby answers, but takes no events. */
async function canWrite(db: Database): Promise<boolean> {
  const { rows } = await db.query<{ off: boolean }>({
    text: `select current_setting('transaction_read_only') = 'off' as off`,
  });
  return rows[0]!.off;
}

async function answers(probe: Probe): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), READY_TIMEOUT_MS);
  });
  try {
    return await Promise.race([probe(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
