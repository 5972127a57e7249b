import { z } from 'zod';
import { readStatistics } from '../../store/reporting/statistics';
import { CUSTOMER_READERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';
import { subscriptionOf } from '../subscriptions/lookup';

const link = z.object({ at: timestamp, attemptId: z.string().describe('See `GET /v1/attempts/:id`.') }).nullable();

const statistics = z
  .object({
    events: z.int().describe('Events that concerned the subscription.'),
    triggers: z.int().describe('Attempts made, repeated ones included.'),
    successResponses: z.int(),
    failureResponses: z.int().describe('Attempts without a 2xx answer, for whatever reason.'),
    failuresSinceLastSuccess: z.int(),
    lastEventAt: timestamp.nullable(),
    nextTriggerAt: timestamp.nullable().describe('When the next repeated attempt is due.'),
    lastSuccess: link,
    lastFailure: link,
  })
  .meta({ id: 'Statistics' });

/** How a subscription has fared. */
export function statisticsRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/subscriptions/:id/statistics',
      summary: 'How a subscription has fared since it was made',
      description: 'Kept as attempts are recorded: reading them costs the same however many there were.',
      tag: 'Subscriptions',
      roles: CUSTOMER_READERS,
      params: z.object({ id: z.string() }),
      answers: { 200: { description: 'The figures', schema: statistics } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = await subscriptionOf(context, context.params.id);
        return { status: 200, body: await readStatistics(context.db, id) };
      },
    }),
  ];
}
