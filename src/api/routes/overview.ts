import { z } from 'zod';
import { SUBSCRIPTION_STATUSES } from '../../domain/types';
import type { Database } from '../../store/db/database';
import { scopeOf } from '../auth/auth';
import { OverviewCache } from '../overview/overview-cache';
import { CUSTOMER_READERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';

const count = z.int().min(0);

const overview = z
  .object({
    window: z.enum(['hour', 'day']),
    bucketSeconds: z.int(),
    buckets: z.array(
      z.object({
        at: timestamp.describe('When the bucket begins.'),
        accepted: count,
        delivered: count,
        retrying: count.describe('Attempts that failed and will be repeated.'),
        failed: count.describe('Notifications that failed for good.'),
      }),
    ),
    attempts: count,
    successRate: z.number().min(0).max(1).nullable().describe('Of the attempts; null where there was none.'),
    backlog: z.object({ pending: count, delivering: count, retrying: count, held: count }),
    worst: z
      .array(
        z.object({
          subscriptionId: z.string(),
          name: z.string(),
          customerId: z.string(),
          url: z.string(),
          status: z.enum(SUBSCRIPTION_STATUSES),
          attempts: count,
          failures: count,
          lastError: z.string().nullable(),
        }),
      )
      .describe('At most ten, those with most failed attempts first.'),
    attention: z
      .object({
        outOfOrder: count,
        awaitingApproval: count,
        unverified: count,
        failedLastDay: count,
        urlRequests: count,
      })
      .describe('What waits for a person.'),
  })
  .meta({ id: 'Overview' });

/** How deliveries fare. */
export function overviewRoutes({ db }: { db: Database }): Route[] {
  const cache = new OverviewCache(db);
  return [
    route({
      method: 'get',
      path: '/v1/overview',
      summary: 'How deliveries fare, and what needs a person',
      description: 'Up to 5 seconds old for the last hour, up to 30 for the last day.',
      tag: 'Overview',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        window: z.enum(['hour', 'day']).default('hour').describe('In buckets of a minute, or of 15.'),
      }),
      answers: { 200: { description: 'The overview', schema: overview } },
      async handle({ principal, query }) {
        return { status: 200, body: await cache.read(scopeOf(principal), query.window) };
      },
    }),
  ];
}
