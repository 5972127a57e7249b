import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { DEFAULT_ANSWER, IDLE_INBOX_DAYS, inboxUrl, MAX_CAPTURED_REQUESTS, type PlayInbox } from '../../domain/play';
import { notFound } from '../../domain/problems';
import { deleteInbox, findInbox, insertInbox, listInboxes, lockInbox, updateInbox } from '../../store/play/inboxes';
import { findRequest, listRequests } from '../../store/play/requests';
import { scopeOf } from '../auth/auth';
import { namedCustomer } from '../customers/named-customer';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { playAnswerInput, playInboxSchema, playRequestSchema, playRequestSummarySchema } from '../schemas/play-schemas';
import { displayName, givenId, pageOf, pageQuery, pageRequest } from '../schemas/schemas';
import { productOf } from '../subscriptions/product-of';

const params = z.object({ id: z.string() });

/**
 * Play, the test receiver: inboxes with a URL of their own, and the requests that they captured.
 *
 * @param publicUrl - the base URL of the API
 */
export function playRoutes({ publicUrl }: { publicUrl(): string }): Route[] {
  const show = ({ token, ...inbox }: PlayInbox) => ({ ...inbox, url: inboxUrl(publicUrl(), token) });
  return [
    route({
      method: 'post',
      path: '/v1/play-inboxes',
      summary: 'Create an inbox',
      description: `Returns an inbox with a URL that captures what is sent there. An inbox keeps the last ${MAX_CAPTURED_REQUESTS} requests, and is removed ${IDLE_INBOX_DAYS} days after the last request or change. The URL is on the allow-list.`,
      tag: 'Play',
      feature: 'play',
      roles: CUSTOMER_WRITERS,
      answerIsOpen: true,
      body: z.strictObject({
        customerId: givenId.describe('The customer whose subscriptions deliver to it.'),
        productId: givenId.nullish(),
        name: displayName,
        answer: playAnswerInput.optional(),
      }),
      answers: { 201: { description: 'The new inbox', schema: playInboxSchema } },
      problems: ['unknown-customer', 'unknown-product', 'quota-exceeded'],
      async handle(context) {
        const { customerId, productId: given, name, answer } = context.body;
        const customer = await namedCustomer(context, customerId);
        const productId = await productOf(context, customer, given);
        const owner = { customerId: customer.id, productId };
        await context.checkQuota('playInboxes', owner);
        const inbox = await insertInbox(context.db, owner, name, { ...DEFAULT_ANSWER, ...answer });
        await context.audit('play-inbox.create', inbox.id, factsOf(inbox));
        return { status: 201, body: show(inbox) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/play-inboxes',
      summary: 'List inboxes',
      tag: 'Play',
      feature: 'play',
      roles: CUSTOMER_READERS,
      query: z.strictObject({ ...pageQuery, customerId: givenId.optional() }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(playInboxSchema) } },
      async handle({ db, principal, query }) {
        const page = await listInboxes(db, scopeOf(principal), query, pageRequest(query, isUuid));
        return { status: 200, body: { ...page, items: page.items.map(show) } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/play-inboxes/:id',
      summary: 'Get an inbox',
      tag: 'Play',
      feature: 'play',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The inbox', schema: playInboxSchema } },
      problems: ['not-found'],
      async handle(context) {
        return { status: 200, body: show(await inboxOf(context, findInbox)) };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/play-inboxes/:id',
      summary: 'Change an inbox',
      description: 'Changes the name or the answer. A new answer is given from the next request on.',
      tag: 'Play',
      feature: 'play',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({ name: displayName.optional(), answer: playAnswerInput.optional() }),
      answers: { 200: { description: 'The changed inbox', schema: playInboxSchema } },
      problems: ['not-found'],
      async handle(context) {
        const inbox = await inboxOf(context, lockInbox);
        const { name = inbox.name, answer } = context.body;
        const next = { name, answer: { ...inbox.answer, ...answer } };
        if (isDeepStrictEqual(next, { name: inbox.name, answer: inbox.answer }))
          return { status: 200, body: show(inbox) };
        const changed = await updateInbox(context.db, inbox.id, next);
        const { status, delaySeconds } = changed.answer;
        await context.audit('play-inbox.change', inbox.id, { ...factsOf(inbox), detail: { status, delaySeconds } });
        return { status: 200, body: show(changed) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/play-inboxes/:id',
      summary: 'Delete an inbox',
      description: 'Also deletes what it captured. Its URL returns 404 from now on.',
      tag: 'Play',
      feature: 'play',
      roles: CUSTOMER_WRITERS,
      params,
      answers: { 204: { description: 'Deleted', schema: null } },
      problems: ['not-found'],
      async handle(context) {
        const inbox = await inboxOf(context, lockInbox);
        await deleteInbox(context.db, inbox.id);
        await context.audit('play-inbox.delete', inbox.id, factsOf(inbox));
        return { status: 204 };
      },
    }),
    route({
      method: 'get',
      path: '/v1/play-inboxes/:id/requests',
      summary: 'List captured requests',
      description: 'Without their headers and bodies.',
      tag: 'Play',
      feature: 'play',
      roles: CUSTOMER_READERS,
      params,
      query: z.strictObject(pageQuery),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(playRequestSummarySchema) } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = await inboxOf(context, findInbox);
        return { status: 200, body: await listRequests(context.db, id, pageRequest(context.query, isUuid)) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/play-requests/:id',
      summary: 'Get a captured request',
      tag: 'Play',
      feature: 'play',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The request, with secrets masked', schema: playRequestSchema } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id }, tally }) {
        const found = await findRequest(db, id, scopeOf(principal));
        if (!found) throw notFound('request');
        const { customerId, productId, ...request } = found;
        tally('play-request.read', id, { customerId, productId });
        return { status: 200, body: request };
      },
    }),
  ];
}

const factsOf = ({ customerId, productId, name }: PlayInbox) => ({ customerId, productId, detail: { name } });

/** @throws Problem not-found if there is none in the caller's scope */
async function inboxOf(
  { db, principal, params: { id } }: Pick<Context<{ id: string }>, 'db' | 'principal' | 'params'>,
  find: typeof findInbox,
): Promise<PlayInbox> {
  const inbox = await find(db, id, scopeOf(principal));
  if (!inbox) throw notFound('inbox');
  return inbox;
}
