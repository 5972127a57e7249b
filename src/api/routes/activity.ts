import { isDeepStrictEqual } from 'node:util';
import type { Request } from 'express';
import { z } from 'zod';
import { ACTIVITY_KINDS, decodePosition, type Position } from '../../domain/activity';
import { tenantOf } from '../../domain/fairness';
import { Problem } from '../../domain/problems';
import { NOTIFICATION_STATUSES, type Principal, type Scope } from '../../domain/types';
import { findCustomer } from '../../store/catalog/customers';
import type { Executor } from '../../store/db/database';
import type { ActivityStream } from '../activity/activity-stream';
import { scopeOf, type Authenticator } from '../auth/auth';
import { CUSTOMER_READERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { eventTypeName, givenId, idFilter, timestamp } from '../schemas/schemas';

const MAX_POSITION_LENGTH = 8192;

const activity = z
  .object({
    kind: z.enum(ACTIVITY_KINDS),
    at: timestamp,
    type: z.string().describe('The event type.'),
    eventId: z.string(),
    productId: z.string(),
    customerId: z.string().nullable().describe('null for an event that addresses all customers of its product.'),
    subscriptionId: z.string().nullable().describe('null for event.accepted, like all fields below.'),
    notificationId: z.string().nullable(),
    status: z.enum(NOTIFICATION_STATUSES).nullable().describe('The new status of the notification.'),
    attempt: z
      .object({
        id: z.string(),
        number: z.int(),
        responseStatus: z.int().nullable(),
        errorClass: z.string().nullable(),
      })
      .nullable()
      .describe('Set for attempt.finished.'),
    payload: z
      .object({
        data: z.unknown().describe('Null if it is left out.'),
        bytes: z.int().nullable().describe('Size as JSON text; null if it is withheld or has expired.'),
        omitted: z
          .enum(['too-large', 'expired', 'withheld'])
          .nullable()
          .describe(
            'Why `data` is null: it is larger than 16 KiB or too many others came at the time, it has expired, or deliveries to the customer do not contain it.',
          ),
      })
      .optional()
      .describe('The data of the event, with `include=payload`, for event.accepted.'),
  })
  .meta({ id: 'Activity' });

/** The activity stream. */
export function activityRoutes(stream: ActivityStream, authenticator: Authenticator): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/activity',
      summary: 'Watch the activity stream',
      description:
        'Streams every accepted event, finished attempt and status change that the caller may see, as server-sent events. Each `data` is an Activity. Reconnecting with `Last-Event-ID` resumes without gaps or repeats, up to 24 hours back. An event `activity.gap` with `{from,until}` reports an older period that is skipped. A client that does not read is disconnected.',
      tag: 'Activity',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        type: eventTypeName.optional().describe('Only activity of this event type.'),
        customerId: givenId.optional().describe('Only activity of this customer.'),
        subscriptionId: idFilter
          .optional()
          .describe('Only activity of this subscription. Excludes event.accepted, which has no subscription.'),
        lastEventId: z
          .string()
          .min(1)
          .max(MAX_POSITION_LENGTH)
          .optional()
          .describe('For clients that cannot send the header Last-Event-ID. The header has precedence.'),
        include: z
          .literal('payload')
          .optional()
          .describe('Sends the data of accepted events, up to 16 KiB each and 256 KiB at a time.'),
        portal: z
          .literal('true')
          .optional()
          .describe('For pages of a portal, which cannot send the header X-Signpost-Portal here.'),
      }),
      answers: { 200: { description: 'The activity stream', schema: activity, contentType: 'text/event-stream' } },
      problems: ['too-many-requests'],
      async handle({
        db,
        principal,
        query: { lastEventId, include, portal: _, ...filter },
        request,
        response,
        admit,
        tally,
      }) {
        const from = positionOf(request, lastEventId);
        if (request.method === 'HEAD') {
          response.type('text/event-stream').end();
          return { status: 200 };
        }
        if (from) await admit('resumes', principal.customerId ?? principal.id);
        if (include) tally('event.list', 'activity', { customerId: filter.customerId });
        const scope = scopeOf(principal);
        await stream.open(response, {
          credentialId: principal.id,
          tenant: await payerOf(db, principal),
          customerId: principal.customerId,
          scope,
          filter,
          includePayload: include === 'payload',
          from,
          stillAllowed: () => isStillAllowed(authenticator, request, scope),
        });
        return { status: 200 };
      },
    }),
  ];
}

/** Portal sessions count for the product of their customer, which can make any number of them. */
async function payerOf(db: Executor, principal: Principal): Promise<string> {
  const { customerId } = principal;
  const customer = customerId === null ? undefined : await findCustomer(db, customerId, {});
  return customer?.productId ?? tenantOf(principal);
}

/** A browser that reconnects sends the header, which is newer than the query of its URL. */
function positionOf(request: Request, lastEventId: string | undefined): Position | undefined {
  const header = request.get('last-event-id') || undefined;
  const text = header ?? lastEventId;
  if (text === undefined) return undefined;
  const position = text.length <= MAX_POSITION_LENGTH ? decodePosition(text) : undefined;
  if (position) return position;
  const path = header === undefined ? 'query/lastEventId' : 'header/last-event-id';
  throw new Problem('validation-failed', 'The last event id was not issued by this stream. Omit it to start now.', {
    errors: [{ path, message: 'is not the id of an event of this stream' }],
  });
}

/**
 * Whether the credential is still valid, with the same scope: a segment gains and loses products.
 * An unavailable database does not make the credential invalid.
 */
async function isStillAllowed(authenticator: Authenticator, request: Request, scope: Scope): Promise<boolean> {
  try {
    // An open stream is no sign of somebody at the browser.
    return isDeepStrictEqual(scopeOf(await authenticator.authenticate(request, false)), scope);
  } catch (error) {
    return !(error instanceof Problem && error.code === 'unauthenticated');
  }
}
