import { z } from 'zod';
import { readResponseTimes, RESPONSE_CLASSES } from '../../store/reporting/response-times';
import { readStatistics } from '../../store/reporting/statistics';
import { CUSTOMER_READERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';
import { dayStatisticsSchema, percentiles } from '../schemas/statistics-schemas';
import { subscriptionOf } from '../subscriptions/lookup';

const link = z.object({ at: timestamp, attemptId: z.string().describe('Id for `GET /v1/attempts/:id`.') }).nullable();

const statistics = z
  .object({
    events: z.int().describe('Number of events with a notification for this subscription.'),
    triggers: z.int().describe('Number of attempts, including retries, without those that a shutdown cut off.'),
    successResponses: z.int().describe('Number of attempts with a 2xx response.'),
    failureResponses: z.int().describe('Number of attempts without a 2xx response, for any reason.'),
    failuresSinceLastSuccess: z.int(),
    lastEventAt: timestamp.nullable(),
    nextTriggerAt: timestamp.nullable().describe('Time of the next scheduled retry; null if there is none.'),
    held: z.int().describe('Number of notifications that are held now.'),
    release: z
      .object({
        backlog: z.int().describe('Number of held notifications when the release began.'),
        released: z.int().describe('Number released since then, including those that were held meanwhile.'),
      })
      .nullable()
      .describe('Progress of the release of held notifications after a pause; null if none is running.'),
    lastSuccess: link,
    lastFailure: link,
    lastDay: dayStatisticsSchema.extend({
      classes: z
        .array(
          z.object({
            responseClass: z.enum(RESPONSE_CLASSES).describe('First digit of the status; `none` without a response.'),
            attempts: z.int(),
            ...percentiles,
          }),
        )
        .describe('The attempts by the class of their response. A class without attempts is absent.'),
    }),
  })
  .meta({ id: 'Statistics' });

/** Statistics of a subscription. */
export function statisticsRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/subscriptions/:id/statistics',
      summary: "Get a subscription's statistics",
      description:
        'Totals since the subscription was created, the number of held notifications, the progress of their release, and the response times over the last day.',
      tag: 'Subscriptions',
      roles: CUSTOMER_READERS,
      params: z.object({ id: z.string() }),
      answers: { 200: { description: 'The statistics', schema: statistics } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = await subscriptionOf(context, context.params.id);
        const statistics = await readStatistics(context.db, id);
        return { status: 200, body: { ...statistics, lastDay: await readResponseTimes(context.db, id, new Date()) } };
      },
    }),
  ];
}
