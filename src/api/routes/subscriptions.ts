import { z } from 'zod';
import { ATTEMPT_ERROR_CLASSES, SUBSCRIPTION_STATUSES } from '../../domain/types';
import { findCustomer } from '../../store/catalog/customers';
import { lockAllowlist } from '../../store/catalog/allowlist';
import { readHealth } from '../../store/reporting/health';
import { readDayStatistics } from '../../store/reporting/response-times';
import { scopeOf } from '../auth/auth';
import { withinSegment } from '../auth/own-products';
import { namedCustomer } from '../customers/named-customer';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import {
  commaList,
  eventTypeName,
  givenId,
  idList,
  pageOf,
  pageQuery,
  pageRequest,
  searchText,
  segmentFilter,
  timestamp,
} from '../schemas/schemas';
import { dayStatisticsSchema } from '../schemas/statistics-schemas';
import { newSettingsSchema, settingsSchema, subscriptionSchema } from '../schemas/subscription-schemas';
import { refuseFaultyTransforms } from '../composing/refuse-transforms';
import type { Composer } from '../ports';
import type { SubscriptionService } from '../subscriptions/subscription-service';
import { subscriptionOf, lockedSubscriptionOf } from '../subscriptions/lookup';
import { productOf } from '../subscriptions/product-of';
import { asWritten, withWritten } from '../subscriptions/written-settings';
import { mayChangeSubscriptions } from '../subscriptions/private-settings';
import { isSortKey, listSubscriptions, SUBSCRIPTION_SORTS } from '../../store/subscriptions/list-subscriptions';

const params = z.object({ id: z.string() });
const healthSchema = z.object({
  buckets: z
    .array(z.object({ at: timestamp, successes: z.int(), failures: z.int() }))
    .describe('Attempts per hour over the last day.'),
  lastAttempt: z
    .object({
      at: timestamp,
      responseStatus: z.int().nullable(),
      errorClass: z.enum(ATTEMPT_ERROR_CLASSES).nullable(),
      attemptId: z.string(),
    })
    .nullable(),
});

/** Subscriptions. */
export function subscriptionRoutes(service: SubscriptionService, composer: Composer): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions',
      summary: 'Create a subscription',
      description:
        'Returns the secret, which later responses omit. If the URL is not on the allow-list, the status is `awaiting-approval` and notifications are held.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      body: newSettingsSchema.extend({ customerId: givenId, productId: givenId.nullish() }),
      answers: { 201: { description: 'The new subscription', schema: subscriptionSchema } },
      problems: [
        'already-exists',
        'unknown-customer',
        'unknown-event-type',
        'capability-required',
        'unknown-product',
        'invalid-transform',
        'quota-exceeded',
      ],
      async beforeTransaction(context) {
        const { transform, customerId } = context.body;
        if (!transform) return;
        const { id } = await namedCustomer(context, customerId);
        await refuseFaultyTransforms(composer, [{ transform, path: '/transform' }], id);
      },
      async handle(context) {
        const { customerId, productId: given, ...settings } = context.body;
        const customer = await namedCustomer(context, customerId);
        const productId = await productOf(context, customer, given);
        await lockAllowlist(context.db, 'shared');
        const created = await service.create(context, customer, productId, asWritten(settings, context));
        return { status: 201, body: created };
      },
    }),
    route({
      method: 'get',
      path: '/v1/subscriptions',
      summary: 'List subscriptions',
      tag: 'Subscriptions',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        id: idList('sub').optional().describe('Only these subscriptions. At most 200 ids, separated by commas.'),
        customerId: givenId.optional(),
        productId: givenId.optional(),
        segment: segmentFilter,
        status: z.enum(SUBSCRIPTION_STATUSES).optional(),
        eventType: eventTypeName.optional().describe('Only subscriptions that match this event type.'),
        q: searchText.describe('Part of the name, URL or customer id, or the whole subscription id.').optional(),
        sort: z
          .enum(SUBSCRIPTION_SORTS)
          .default('newest')
          .describe(
            '`success-rate` and `p95` (95th percentile of the response time) are those of the last day, lowest first; with `-`, highest first. Subscriptions without attempts come last.',
          ),
        include: commaList(['health', 'statistics'])
          .optional()
          .describe(
            '`health` adds the attempts of each subscription by hour over the last day, `statistics` their success rate and response times. Separated by a comma.',
          ),
      }),
      answers: {
        200: {
          description: 'A page, newest first by default',
          schema: pageOf(
            subscriptionSchema.extend({
              health: healthSchema.optional(),
              statistics: dayStatisticsSchema.optional(),
            }),
          ),
        },
      },
      async handle({ db, principal, query: { id: ids, sort, include, ...query } }) {
        const filter = { ...query, ids, qInQuery: mayChangeSubscriptions(principal) };
        const request = pageRequest(query, (key) => isSortKey(sort, key));
        const scope = await withinSegment(db, scopeOf(principal), query.segment);
        const found = await listSubscriptions(db, scope, filter, sort, request);
        const listed = found.items.map(({ id }) => id);
        const health = include?.includes('health') ? await readHealth(db, listed, new Date()) : undefined;
        const statistics = include?.includes('statistics') ? await readDayStatistics(db, listed) : undefined;
        const items = found.items.map((item, index) => ({
          ...service.show(principal, item),
          ...(health && { health: health[index] }),
          ...(statistics && { statistics: statistics[index] }),
        }));
        return { status: 200, body: { ...found, items } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/subscriptions/:id',
      summary: 'Get a subscription',
      tag: 'Subscriptions',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The subscription', schema: subscriptionSchema } },
      problems: ['not-found'],
      async handle(context) {
        return { status: 200, body: service.show(context.principal, await subscriptionOf(context, context.params.id)) };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/subscriptions/:id',
      summary: 'Change a subscription',
      description:
        'Takes effect from the next attempt on. A new URL must be verified again. `enabled: true` also enables a subscription that was disabled automatically, as `POST /v1/subscriptions/:id/enable` does.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      body: settingsSchema.partial(),
      answers: { 200: { description: 'The changed subscription', schema: subscriptionSchema } },
      problems: [
        'not-found',
        'already-exists',
        'unknown-event-type',
        'capability-required',
        'fixed-after-creation',
        'invalid-transform',
      ],
      async beforeTransaction(context) {
        const { transform } = context.body;
        if (!transform) return;
        const saved = await subscriptionOf(context, context.params.id);
        if (saved.transform?.expression === transform.expression) return;
        await refuseFaultyTransforms(composer, [{ transform, path: '/transform' }], saved.customerId, saved.id);
      },
      async handle(context) {
        await lockAllowlist(context.db, 'shared');
        const before = await lockedSubscriptionOf(context, context.params.id);
        const customer = (await findCustomer(context.db, before.customerId, {}))!;
        const change = withWritten(context.body, context.losslessBody());
        const { item } = await service.change(context, before, customer, change);
        if (context.body.enabled !== true || before.outOfOrder === null) return { status: 200, body: item };
        // As the call `enable`, because `enabled` of such a subscription is true already.
        const changed = await lockedSubscriptionOf(context, before.id);
        return { status: 200, body: await service.switch(context, changed, true) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/subscriptions/:id',
      summary: 'Delete a subscription',
      description: 'Also cancels its open notifications.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      answers: { 204: { description: 'The subscription is deleted', schema: null } },
      problems: ['not-found'],
      async handle(context) {
        await service.remove(context, await lockedSubscriptionOf(context, context.params.id));
        return { status: 204 };
      },
    }),
    ...[true, false].map((enabled) => switchRoute(service, enabled)),
  ];
}

function switchRoute(service: SubscriptionService, enabled: boolean): Route {
  const verb = enabled ? 'enable' : 'disable';
  return route({
    method: 'post',
    path: `/v1/subscriptions/:id/${verb}`,
    summary: enabled ? 'Enable a subscription' : 'Disable a subscription',
    description: enabled
      ? 'Also enables a subscription that was disabled automatically. Held notifications are released in order of acceptance.'
      : 'Further notifications are held until the subscription is enabled again.',
    tag: 'Subscriptions',
    roles: CUSTOMER_WRITERS,
    params,
    body: z.strictObject({}),
    answers: { 200: { description: 'The changed subscription', schema: subscriptionSchema } },
    problems: ['not-found'],
    async handle(context) {
      const before = await lockedSubscriptionOf(context, context.params.id);
      return { status: 200, body: await service.switch(context, before, enabled) };
    },
  });
}
