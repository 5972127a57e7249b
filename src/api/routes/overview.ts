import { z } from 'zod';
import { SUBSCRIPTION_STATUSES } from '../../domain/types';
import type { Database } from '../../store/db/database';
import { scopeOf } from '../auth/auth';
import { withinSegment } from '../auth/own-products';
import { OverviewCache } from '../overview/overview-cache';
import { CUSTOMER_READERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { segmentFilter, timestamp } from '../schemas/schemas';
import { shownUrl } from '../subscriptions/private-settings';

const count = z.int().min(0);

/** A subscription in a ranking. */
const ranked = z.object({
  subscriptionId: z.string(),
  name: z.string(),
  customerId: z.string(),
  url: z.string(),
  status: z.enum(SUBSCRIPTION_STATUSES),
  attempts: count,
});

const overview = z
  .object({
    window: z.enum(['hour', 'day']),
    bucketSeconds: z.int(),
    buckets: z.array(
      z.object({
        at: timestamp.describe('Start of the bucket.'),
        accepted: count,
        delivered: count,
        retrying: count.describe('Failed attempts that will be retried.'),
        failed: count.describe('Notifications that ended as failed.'),
      }),
    ),
    failed: count.describe('Notifications that failed within the window and have not been retried since.'),
    attempts: count,
    successRate: z.number().min(0).max(1).nullable().describe('Share of successful attempts; null if there were none.'),
    backlog: z.object({ pending: count, delivering: count, retrying: count, held: count }),
    worst: z
      .array(
        ranked.extend({
          failures: count,
          lastError: z.string().nullable(),
        }),
      )
      .describe('The subscriptions with the most failed attempts, at most ten.'),
    slowest: z
      .array(
        ranked.extend({
          p50Ms: count.describe('Median of the response times over the last day, in milliseconds.'),
          p95Ms: count.describe('95th percentile of the response times over the last day, in milliseconds.'),
        }),
      )
      .describe('The subscriptions with the longest response times over the last day, at most ten.'),
    attention: z
      .object({
        outOfOrder: count,
        awaitingApproval: count,
        unverified: count,
        failedLastDay: count,
        urlRequests: count,
      })
      .describe('Number of items that need attention.'),
  })
  .meta({ id: 'Overview' });

/** The overview. */
export function overviewRoutes({ readDb }: { readDb: Database }): Route[] {
  const cache = new OverviewCache(readDb);
  return [
    route({
      method: 'get',
      path: '/v1/overview',
      summary: 'Get the overview: traffic, success rate, and what needs attention',
      description: 'Figures for the last hour are at most 5 seconds old, those for the last day at most 30 seconds.',
      tag: 'Overview',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        window: z
          .enum(['hour', 'day'])
          .default('hour')
          .describe('The last hour in buckets of 1 minute, or the last day in buckets of 15 minutes.'),
        segment: segmentFilter.describe('Only figures of products in this segment.'),
      }),
      answers: { 200: { description: 'The overview', schema: overview } },
      async handle({ db, principal, query }) {
        const found = await cache.read(await withinSegment(db, scopeOf(principal), query.segment), query.window);
        const shown = <One extends { url: string }>(one: One) => ({ ...one, url: shownUrl(principal, one.url) });
        return {
          status: 200,
          body: { ...found, worst: found.worst.map(shown), slowest: found.slowest.map(shown) },
        };
      },
    }),
  ];
}
