import { z } from 'zod';
import { JsonText } from '../../domain/lossless-json';
import type { EventType } from '../../domain/types';
import { listEventTypes } from '../../store/catalog/event-types';
import { VERSION } from '../../process/version';
import { scopeOf } from '../auth/auth';
import { ANONYMOUS } from '../http/caller';
import { CUSTOMER_READERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { asyncApiDocument } from '../openapi/asyncapi';

/** Pages of the catalog in one document: at most 1000 event types, or about 5 MiB. */
const MAX_PAGES = 5;

/**
 * The AsyncAPI document. Everybody may read the formats. Event types belong to products, so the
 * caller gets those that `GET /v1/event-types` lists for its credential.
 */
export function asyncApiRoute(): Route {
  const open = new JsonText(JSON.stringify(asyncApiDocument([], VERSION)));
  return route({
    method: 'get',
    path: '/asyncapi.json',
    summary: 'Get the AsyncAPI document of deliveries',
    description:
      'What receivers get, as AsyncAPI 3. Without a credential in a header, it contains the formats only; with one, also the event types that `GET /v1/event-types` lists for it, at most 1000 and without archived ones.',
    tag: 'Operations',
    roles: 'public',
    optionalRoles: CUSTOMER_READERS,
    answers: { 200: { description: 'The AsyncAPI 3 document', schema: z.record(z.string(), z.unknown()) } },
    async handle(context) {
      if (context.principal === ANONYMOUS) return { status: 200, body: open };
      return { status: 200, body: asyncApiDocument(await eventTypesOf(context), VERSION) };
    },
  });
}

async function eventTypesOf({ db, principal }: Context): Promise<EventType[]> {
  const types: EventType[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, nextCursor } = await listEventTypes(
      db,
      scopeOf(principal),
      { archived: false },
      { limit: 200, after },
    );
    types.push(...items);
    if (nextCursor === null) break;
    after = nextCursor;
  }
  return types;
}
