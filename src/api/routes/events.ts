import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { tenantOf } from '../../domain/fairness';
import { isUuid } from '../../domain/ids';
import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import type { Sealer } from '../../store/db/crypto';
import type { Database } from '../../store/db/database';
import { withSecondTry } from '../../store/db/second-try';
import { findEvent, listEvents } from '../../store/notifications/events';
import { readSearch } from '../../store/notifications/search';
import { notificationsOfEvent } from '../../store/notifications/notifications';
import type { Acceptor } from '../events/acceptor';
import { LoopTurns } from '../../process/loop-turns';
import { commonTenantOf, keyedTurns } from '../events/keyed-turns';
import type { AcceptOutcome } from '../events/accept-outcome';
import { batchInput, eventInput, toPosted, type PostedEvent } from '../events/event-input';
import type { EventReader } from '../events/event-reader';
import { awaitResponses, withLastResponses } from '../events/await-responses';
import type { ResponseWaiters } from '../events/response-waiters';
import { readBatch, type ReadEvents } from '../events/read-events';
import { scopeOf } from '../auth/auth';
import { withinSegment } from '../auth/own-products';
import { idempotencyKeyOf, once } from '../http/idempotency';
import { CUSTOMER_READERS, PRODUCERS } from '../http/roles';
import { route, type Context, type Reply, type Route } from '../http/route';
import {
  eventTypeName,
  givenId,
  pageOf,
  pageQuery,
  pageRequest,
  searchText,
  segmentFilter,
  timestampInput,
} from '../schemas/schemas';
import { acceptedSchema, batchResultSchema, eventSchema, lastResponseOfEvent } from '../schemas/event-schemas';
import { notificationSchema } from '../schemas/notification';

const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Events that are launched in one turn of the event loop. */
const LAUNCHED_AT_ONCE = 50;

/** Accepting and reading events. */
export function eventRoutes({
  acceptor,
  eventReader,
  keyedDb,
  sealer,
  responseWaiters,
}: {
  acceptor: Acceptor;
  eventReader: EventReader;
  keyedDb: Database;
  sealer: Sealer;
  responseWaiters: ResponseWaiters;
}): Route[] {
  let inFlight = 0;
  const turns = keyedTurns();
  const loopTurns = new LoopTurns();

  /** Launches few events immediately, and many in turns, between which others are answered. */
  async function launch(tenant: string, outcomes: readonly AcceptOutcome[]): Promise<void> {
    for (let from = 0; from < outcomes.length; from += LAUNCHED_AT_ONCE) {
      if (outcomes.length > LAUNCHED_AT_ONCE) await loopTurns.take(tenant);
      acceptor.launch(outcomes.slice(from, from + LAUNCHED_AT_ONCE));
    }
  }

  /**
   * With an `Idempotency-Key`, one transaction stores the key, the events and the response. Without
   * one, the accept statement is its own transaction.
   */
  async function accept(
    context: Context,
    { events, identity }: ReadEvents,
    answer: (outcomes: AcceptOutcome[]) => Reply,
  ): Promise<Reply> {
    const key = idempotencyKeyOf(context);
    await context.admit('events', context.principal.id, events.length);
    const posted = events.filter((event): event is PostedEvent => !(event instanceof Problem));
    for (const event of posted) event.traceparent = context.traceparent;
    let outcomes: AcceptOutcome[] = [];
    inFlight += 1;
    try {
      const reply =
        key === undefined
          ? answer((outcomes = await acceptor.accept(context.principal, posted)))
          : await turns.take(commonTenantOf(context.principal, posted), async () => {
              await acceptor.check(context.principal, posted);
              const keyed = identity ? { ...context, bodyIdentity: () => identity } : context;
              return withSecondTry(() =>
                keyedDb.transaction((executor) =>
                  once(executor, { sealer, holdsSecret: false }, keyed, key, async () =>
                    answer((outcomes = await acceptor.accept(context.principal, posted, executor))),
                  ),
                ),
              );
            });
      await launch(tenantOf(context.principal), outcomes);
      // The HTTP client writes to an idle connection in the next turn of the event loop. If no
      // other request is in flight, let the delivery go first, because it matters more than this
      // response.
      if (inFlight === 1) await turnOfEventLoop();
      return reply;
    } finally {
      inFlight -= 1;
    }
  }

  return [
    route({
      method: 'post',
      path: '/v1/events',
      summary: 'Post an event',
      description:
        'Returns 202 when the event and its notifications are committed. A delivery may reach the receiver before this response arrives. The same `id` with the same body returns 200 with `duplicate: true` and the first result. With `awaitResponse`, returns 200 with the last response of each notification once all were attempted, and 202 if the time is over before, or if there are more than 200.',
      tag: 'Events',
      roles: PRODUCERS,
      body: eventInput,
      answers: {
        202: { description: 'The event was accepted', schema: acceptedSchema },
        200: {
          description: 'The event had been accepted before, or its responses are there',
          schema: acceptedSchema,
        },
      },
      problems: [
        'product-disabled',
        'unknown-event-type',
        'event-type-archived',
        'unknown-customer',
        'data-breaks-schema',
        'event-id-conflict',
        'too-many-requests',
      ],
      handlesIdempotency: true,
      countsEvents: true,
      ownTransaction: true,
      readsLarge: true,
      async handle(context) {
        const { principal, largeBody, body, losslessBody } = context;
        const read = largeBody
          ? await eventReader.read(principal, largeBody, false, idempotencyKeyOf(context) !== undefined)
          : { events: [toPosted(body, losslessBody())] };
        const post = () =>
          accept(context, read, ([outcome]) => {
            if ('problem' in outcome!) throw outcome.problem;
            return acceptedReply(outcome!.accepted);
          });
        const [posted] = read.events;
        const seconds = posted instanceof Problem ? undefined : posted?.awaitResponse;
        return seconds === undefined ? post() : awaitResponses(responseWaiters, context, seconds, post);
      },
    }),
    route({
      method: 'post',
      path: '/v1/events/batch',
      summary: 'Post a batch of events',
      description:
        'Takes 1 to 1000 events. Returns one result per event, in order. An invalid event does not affect the others.',
      tag: 'Events',
      roles: PRODUCERS,
      body: batchInput,
      bodyLimitBytes: MAX_BATCH_BYTES,
      answers: {
        202: { description: 'The result of each event', schema: z.object({ results: z.array(batchResultSchema) }) },
      },
      problems: ['too-many-requests'],
      handlesIdempotency: true,
      countsEvents: true,
      ownTransaction: true,
      readsLarge: true,
      async handle(context) {
        const { principal, largeBody, body, losslessBody } = context;
        await loopTurns.take(tenantOf(principal));
        const read = largeBody
          ? await eventReader.read(principal, largeBody, true, idempotencyKeyOf(context) !== undefined)
          : { events: readBatch(body.events, losslessBody()) };
        return accept(context, read, (outcomes) => {
          const next = outcomes.values();
          const results = read.events.map((item) =>
            batchItem(item instanceof Problem ? { problem: item } : next.next().value!),
          );
          return { status: 202, body: { results } };
        });
      },
    }),
    route({
      method: 'get',
      path: '/v1/events',
      summary: 'List events',
      description: 'A customer sees the events that it has a notification of, with the data that it receives.',
      tag: 'Events',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        q: searchText
          .describe(
            "The id of an event or the beginning of a generated one, the producer's id, or the value of a search key of its type, also as `path:value`.",
          )
          .optional(),
        type: eventTypeName.optional(),
        customerId: givenId.optional(),
        segment: segmentFilter,
        since: timestampInput.optional().describe('Only events accepted at or after this time.'),
        until: timestampInput.optional().describe('Only events accepted before this time.'),
      }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(eventSchema) } },
      async handle({ db: executor, principal, query, tally }) {
        const search = query.q === undefined ? undefined : await readSearch(executor, query.q);
        const scope = await withinSegment(executor, scopeOf(principal), query.segment);
        const page = await listEvents(executor, scope, { ...query, search }, pageRequest(query, isUuid));
        if (page.items.length > 0) tally('event.list', 'events', { customerId: query.customerId });
        return { status: 200, body: page };
      },
    }),
    route({
      method: 'get',
      path: '/v1/events/:id',
      summary: 'Get an event with its notifications',
      description:
        'A customer sees an event that it has a notification of, with the data that it receives. The product that owns the event also sees the last response of each notification.',
      tag: 'Events',
      roles: CUSTOMER_READERS,
      params: z.object({ id: z.string() }),
      answers: {
        200: {
          description: 'The event',
          schema: eventSchema.extend({
            notificationCount: z.int().min(0).describe('Number of notifications that the caller may see.'),
            notifications: z
              .array(notificationSchema.extend({ lastResponse: lastResponseOfEvent }))
              .describe('The newest 200. `GET /v1/notifications?eventId=` lists all of them, page by page.'),
          }),
        },
      },
      problems: ['not-found'],
      async handle({ db: executor, principal, params, tally }) {
        const found = await findEvent(executor, params.id, scopeOf(principal));
        if (!found) throw notFound('event');
        const { id, customerId, productId } = found.event;
        tally('event.read', id, { customerId, productId });
        const page = await notificationsOfEvent(executor, found.uuid, scopeOf(principal));
        if (principal.customerId !== null) return { status: 200, body: { ...found.event, ...page } };
        const notifications = await withLastResponses(executor, page.notifications);
        return { status: 200, body: { ...found.event, ...page, notifications } };
      },
    }),
  ];
}

function acceptedReply(result: Extract<AcceptOutcome, { accepted: unknown }>['accepted']): Reply {
  return {
    status: result.duplicate ? 200 : 202,
    body: {
      id: result.id,
      duplicate: result.duplicate,
      notifications: result.notifications.map(({ notificationId, subscriptionId, status }) => ({
        id: notificationId,
        subscriptionId,
        status,
      })),
    },
  };
}

function batchItem(outcome: AcceptOutcome): Record<string, unknown> {
  if ('accepted' in outcome) {
    const { status, body } = acceptedReply(outcome.accepted);
    return { status, ...(body as object) };
  }
  const { status, code, title, detail, options } = outcome.problem;
  return { status, code, title, detail, errors: options.errors };
}
