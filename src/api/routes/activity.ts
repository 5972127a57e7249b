import type { Request } from 'express';
import { z } from 'zod';
import { ACTIVITY_KINDS, decodePosition, type Position } from '../../domain/activity';
import { Problem } from '../../domain/problems';
import { NOTIFICATION_STATUSES, ROLES } from '../../domain/types';
import type { ActivityStream } from '../activity/activity-stream';
import { scopeOf, type Authenticator } from '../auth/auth';
import { route, type Route } from '../http/route';
import { eventTypeName, givenId, timestamp } from '../schemas/schemas';

const MAX_POSITION_LENGTH = 8192;

const activity = z
  .object({
    kind: z.enum(ACTIVITY_KINDS),
    at: timestamp,
    type: z.string().describe('The event type.'),
    eventId: z.string(),
    productId: z.string(),
    customerId: z.string().nullable().describe('null for an event to all customers of its product.'),
    subscriptionId: z.string().nullable().describe('null for event.accepted; so are those below.'),
    notificationId: z.string().nullable(),
    status: z.enum(NOTIFICATION_STATUSES).nullable().describe('What the notification became.'),
    attempt: z
      .object({
        id: z.string(),
        number: z.int(),
        responseStatus: z.int().nullable(),
        errorClass: z.string().nullable(),
      })
      .nullable()
      .describe('For attempt.finished.'),
  })
  .meta({ id: 'Activity' });

/** What happens, as it happens. */
export function activityRoutes(stream: ActivityStream, authenticator: Authenticator): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/activity',
      summary: 'Watch what happens',
      description:
        'Server-sent events: every accepted event, attempt and change of status that the caller may see; each `data` is an Activity. Resumes after `Last-Event-ID` without a gap and without repeats, up to 24 hours back; what is older is told of by an event `activity.gap` `{from,until}`. A client that does not read is cut off.',
      tag: 'Activity',
      roles: ROLES,
      query: z.strictObject({
        type: eventTypeName.optional().describe('Of this event type only.'),
        customerId: givenId.optional(),
        subscriptionId: z.string().max(64).optional().describe('Leaves event.accepted out, which has none.'),
        lastEventId: z
          .string()
          .min(1)
          .max(MAX_POSITION_LENGTH)
          .optional()
          .describe('For clients that cannot send the header Last-Event-ID, which goes before it.'),
      }),
      answers: { 200: { description: 'The stream', schema: activity, contentType: 'text/event-stream' } },
      problems: ['too-many-requests'],
      async handle({ principal, query: { lastEventId, ...filter }, request, response }) {
        const from = positionOf(request, lastEventId);
        if (request.method === 'HEAD') {
          response.type('text/event-stream').end();
          return { status: 200 };
        }
        await stream.open(response, {
          credentialId: principal.id,
          scope: scopeOf(principal),
          filter,
          from,
          stillAllowed: () => stillHolds(authenticator, request),
        });
        return { status: 200 };
      },
    }),
  ];
}

/** The header is what a browser sends when it connects again, and newer than the query of its URL. */
function positionOf(request: Request, lastEventId: string | undefined): Position | undefined {
  const header = request.get('last-event-id') || undefined;
  const text = header ?? lastEventId;
  if (text === undefined) return undefined;
  const position = text.length <= MAX_POSITION_LENGTH ? decodePosition(text) : undefined;
  if (position) return position;
  const path = header === undefined ? 'query/lastEventId' : 'header/last-event-id';
  throw new Problem('validation-failed', 'The request breaks a rule; errors says which.', {
    errors: [{ path, message: 'is not the id of an event of this stream' }],
  });
}

/** A database that is away says nothing about the credential. */
async function stillHolds(authenticator: Authenticator, request: Request): Promise<boolean> {
  try {
    await authenticator.authenticate(request);
    return true;
  } catch (error) {
    return !(error instanceof Problem && error.code === 'unauthenticated');
  }
}
