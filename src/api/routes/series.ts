import { z } from 'zod';
import { readSeries, SERIES_WINDOWS } from '../../store/reporting/health';
import { CUSTOMER_READERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';
import { subscriptionOf } from '../subscriptions/lookup';

const series = z
  .object({
    window: z.enum(['hour', 'day', 'week']),
    bucketSeconds: z.int(),
    buckets: z.array(
      z.object({
        at: timestamp.describe('Start of the bucket.'),
        successes: z.int(),
        failures: z.int(),
        p50Ms: z
          .number()
          .nullable()
          .describe('Median duration of the attempts in milliseconds; null if there were none.'),
        p95Ms: z
          .number()
          .nullable()
          .describe('95th percentile of the durations in milliseconds; null if there were no attempts.'),
      }),
    ),
  })
  .meta({ id: 'Series' });

/** A subscription's attempts over time, for charts. */
export function seriesRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/subscriptions/:id/series',
      summary: "Get a subscription's attempts over time",
      tag: 'Subscriptions',
      roles: CUSTOMER_READERS,
      params: z.object({ id: z.string() }),
      query: z.strictObject({ window: z.enum(['hour', 'day', 'week']).default('day') }),
      answers: { 200: { description: 'The buckets in order, without gaps', schema: series } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = await subscriptionOf(context, context.params.id);
        const { window } = context.query;
        const buckets = await readSeries(context.db, id, window, new Date());
        return { status: 200, body: { window, bucketSeconds: SERIES_WINDOWS[window].bucketSeconds, buckets } };
      },
    }),
  ];
}
