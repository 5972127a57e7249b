import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { NOTIFICATION_STATUSES } from '../../domain/types';
import type { WrittenJson } from '../../domain/written-json';
import type { Sealer } from '../../store/db/crypto';
import type { Database } from '../../store/db/database';
import { findEvent, listEvents } from '../../store/notifications/events';
import { notificationsOfEvent } from '../../store/notifications/notifications';
import type { Acceptor } from '../events/acceptor';
import { type AcceptOutcome, type PostedEvent } from '../events/acceptor';
import { scopeOf } from '../auth/auth';
import { idempotencyKeyOf, once } from '../http/idempotency';
import { fieldErrorsOf } from '../http/problem-response';
import { CUSTOMER_READERS, WRITERS } from '../http/roles';
import { route, type Context, type Reply, type Route } from '../http/route';
import {
  eventTypeName,
  givenId,
  isUuidKey,
  jsonObject,
  pageOf,
  pageQuery,
  pageRequest,
  timestamp,
  timestampInput,
} from '../schemas/schemas';
import { channelName } from '../schemas/subscription-schemas';
import { notificationSchema } from '../schemas/notification';

const MAX_EVENT_BYTES = 256 * 1024;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
const MAX_BATCH = 1000;
const MAX_CHANNELS = 100;

const eventInput = z
  .strictObject({
    id: givenId.optional().describe('Makes posting the event again harmless. Generated where absent.'),
    type: eventTypeName,
    customerId: givenId.optional().describe('Absent: every customer of the product.'),
    channels: z.array(channelName).max(MAX_CHANNELS).optional(),
    timestamp: timestampInput.optional().describe('When it happened; default now.'),
    data: jsonObject,
    user: jsonObject.optional().describe('Who caused it; passed through.'),
  })
  .meta({ id: 'EventInput' });

const accepted = z.object({
  id: z.string(),
  duplicate: z.boolean(),
  notifications: z.array(
    z.object({ id: z.string(), subscriptionId: z.string(), status: z.enum(NOTIFICATION_STATUSES) }),
  ),
});

const batchResult = z.object({
  status: z.int().describe('As the call for this event alone would have been answered: 202, 200 or that of a problem.'),
  id: z.string().optional(),
  duplicate: z.boolean().optional(),
  notifications: accepted.shape.notifications.optional(),
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

const event = z
  .object({
    id: z.string(),
    productId: z.string(),
    type: z.string(),
    customerId: z.string().nullable(),
    channels: z.array(z.string()),
    timestamp,
    data: z.unknown(),
    user: z.unknown(),
    acceptedAt: timestamp,
  })
  .meta({ id: 'Event' });

/** Accepting and reading events. */
export function eventRoutes({ acceptor, db, sealer }: { acceptor: Acceptor; db: Database; sealer: Sealer }): Route[] {
  let underWay = 0;

  /** With an `Idempotency-Key` the key, the events and the answer are one transaction; without, the statement itself is. */
  async function accept(
    context: Context,
    posted: readonly PostedEvent[],
    answer: (outcomes: AcceptOutcome[]) => Reply,
  ): Promise<Reply> {
    const key = idempotencyKeyOf(context);
    let outcomes: AcceptOutcome[] = [];
    underWay += 1;
    try {
      const reply =
        key === undefined
          ? answer((outcomes = await acceptor.accept(context.principal, posted)))
          : await db.transaction((executor) =>
              once(executor, sealer, context, key, async () =>
                answer((outcomes = await acceptor.accept(context.principal, posted, executor))),
              ),
            );
      acceptor.launch(outcomes);
      // The HTTP client writes to an idle connection once the event loop has turned. Where nothing else is under way the delivery goes first: it is
      // what all this is for, and the answer takes as long to write.
      if (underWay === 1) await turnOfEventLoop();
      return reply;
    } finally {
      underWay -= 1;
    }
  }

  return [
    route({
      method: 'post',
      path: '/v1/events',
      summary: 'Post an event',
      description:
        'Answered 202 once the event and its notifications are committed; a delivery may arrive before the answer does. The same `id` again is answered 200 with `duplicate: true` and the first answer.',
      tag: 'Events',
      roles: WRITERS,
      body: eventInput,
      answers: {
        202: { description: 'Accepted', schema: accepted },
        200: { description: 'Accepted before', schema: accepted },
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
      creates: true,
      ownTransaction: true,
      handle: (context) =>
        accept(context, [withWritten(context.body, context.written())], ([outcome]) => {
          if ('problem' in outcome!) throw outcome.problem;
          return acceptedReply(outcome!.accepted);
        }),
    }),
    route({
      method: 'post',
      path: '/v1/events/batch',
      summary: 'Post up to 1000 events',
      description: 'One result for each event, in order. A bad event does not sink the rest.',
      tag: 'Events',
      roles: WRITERS,
      body: z.strictObject({
        events: z.array(z.unknown()).min(1).max(MAX_BATCH).describe('Each as in `POST /v1/events`, at most 256 KiB.'),
      }),
      bodyLimitBytes: MAX_BATCH_BYTES,
      answers: { 202: { description: 'What came of each', schema: z.object({ results: z.array(batchResult) }) } },
      problems: ['too-many-requests'],
      creates: true,
      ownTransaction: true,
      async handle(context) {
        const written = context.written();
        const read = context.body.events.map((value, index) => readEvent(value, written, index));
        const good = read.filter((item): item is PostedEvent => !(item instanceof Problem));
        return accept(context, good, (outcomes) => {
          const next = outcomes.values();
          const results = read.map((item) =>
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
      tag: 'Events',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        type: eventTypeName.optional(),
        customerId: givenId.optional(),
        since: timestampInput.optional().describe('Accepted at or after.'),
        until: timestampInput.optional().describe('Accepted before.'),
      }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(event) } },
      async handle({ db: executor, principal, query }) {
        return {
          status: 200,
          body: await listEvents(executor, scopeOf(principal), query, pageRequest(query, isUuidKey)),
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/events/:id',
      summary: 'Get an event with its notifications',
      tag: 'Events',
      roles: CUSTOMER_READERS,
      params: z.object({ id: z.string() }),
      answers: {
        200: { description: 'The event', schema: event.extend({ notifications: z.array(notificationSchema) }) },
      },
      problems: ['not-found'],
      async handle({ db: executor, principal, params }) {
        const found = await findEvent(executor, params.id, scopeOf(principal));
        if (!found) throw notFound('event');
        return {
          status: 200,
          body: { ...found.event, notifications: await notificationsOfEvent(executor, found.uuid, scopeOf(principal)) },
        };
      },
    }),
  ];
}

function readEvent(value: unknown, written: WrittenJson | undefined, index: number): PostedEvent | Problem {
  if (Buffer.byteLength(written?.at('events', index) ?? JSON.stringify(value)) > MAX_EVENT_BYTES)
    return new Problem('payload-too-large', 'An event is at most 256 KiB.');
  const result = eventInput.safeParse(value);
  return result.success
    ? withWritten(result.data, written, 'events', index)
    : new Problem('validation-failed', 'The event breaks a rule; errors says which.', {
        errors: fieldErrorsOf(result.error, ''),
      });
}

/** @param path - where the event stands in the body */
function withWritten(event: PostedEvent, written: WrittenJson | undefined, ...path: (string | number)[]): PostedEvent {
  if (!written) return event;
  return { ...event, written: { data: written.at(...path, 'data')!, user: written.at(...path, 'user') } };
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
