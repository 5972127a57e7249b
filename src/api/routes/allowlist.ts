import { z } from 'zod';
import { changesOf } from '../../domain/audit';
import { isUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import type { UrlPattern } from '../../domain/url-pattern';
import {
  ALLOWLIST_STATUSES,
  decideAllowlistEntry,
  findAllowlistEntry,
  deleteAllowlistEntry,
  insertAllowlistEntry,
  listAllowlist,
  lockAllowlist,
  type AllowlistEntry,
} from '../../store/catalog/allowlist';
import { withWaiting, type EntryWithWaiting } from '../../store/catalog/allowlist-requests';
import { reviewUrls } from '../../store/catalog/review-urls';
import { scopeOf } from '../auth/auth';
import { productOfWrite } from '../auth/own-products';
import { namedCustomer } from '../customers/named-customer';
import type { Settlement } from '../ports';
import { route, type Context, type Route } from '../http/route';
import { withdrawIdleRequests } from '../subscriptions/url-approval';
import { urlPattern } from '../schemas/http-url';
import { givenId, pageOf, pageQuery, pageRequest, timestamp } from '../schemas/schemas';

const params = z.object({ id: z.string() });
/** The syntax of patterns for the OpenAPI document, without flags. */
const URL_PATTERN_SYNTAX =
  '^([Hh][Tt][Tt][Pp][Ss]?://)?(\\*|(\\*\\.)?[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:(\\*|[0-9]{1,5}))?(/[^?#\\s]*)?$';

const entry = z
  .object({
    id: z.string(),
    pattern: z.string(),
    customerId: z.string().nullable(),
    productId: z.string().nullable(),
    status: z.enum(ALLOWLIST_STATUSES),
    requestedBy: z.string().nullable().describe('null for a product if its own credentials did not request it.'),
    decidedBy: z.string().nullable().describe('null for a product, and while nobody has decided.'),
    createdAt: timestamp,
    decidedAt: timestamp.nullable(),
    subscriptions: z
      .array(z.object({ id: z.string(), name: z.string(), customerId: z.string() }))
      .describe('Subscriptions that wait for the entry, at most 100. None waits for an approved one.'),
    subscriptionCount: z.int().describe('How many subscriptions wait for the entry.'),
  })
  .meta({ id: 'AllowlistEntry' });

async function show({ db, principal }: Context, shown: AllowlistEntry): Promise<EntryWithWaiting> {
  return (await withWaiting(db, scopeOf(principal), [shown]))[0]!;
}

/** The URL allow-list. Products and waiting subscriptions request entries; admins decide. */
export function allowlistRoutes(settlement: Settlement, allowedUrls: readonly UrlPattern[]): Route[] {
  /**
   * Checks the URLs affected by an entry again, and releases notifications that waited for
   * approval. Requests that are met by the entry are withdrawn.
   */
  async function review(context: Context, { pattern, customerId }: AllowlistEntry): Promise<void> {
    const { db, principal, afterCommit } = context;
    const marked: string[] = [];
    for (const subscriptionId of await reviewUrls(db, allowedUrls, principal.name, { pattern, customerId })) {
      marked.push(...(await settlement.mark(db, { subscriptionId })));
    }
    await withdrawIdleRequests(context);
    if (marked.length > 0) afterCommit(() => settlement.start(marked));
  }

  return [
    route({
      method: 'post',
      path: '/v1/url-allowlist',
      summary: 'Allow or request a URL pattern',
      description:
        'An entry by an admin is approved immediately and applies to all products. An entry by a product is a request that an admin decides. A subscription whose URL is not on the list files a request itself, whoever made it.',
      tag: 'Allow-list',
      roles: ['admin', 'product'],
      body: z.strictObject({
        pattern: urlPattern
          .meta({ pattern: URL_PATTERN_SYNTAX })
          .describe(
            '`scheme://host[:port][/path-prefix]` or a host, which means https. `*` stands for any host, for sub-domain labels or for any port. Stored in one spelling, with the scheme.',
          ),
        customerId: givenId
          .nullish()
          .describe('Restricts the entry to this customer. If absent, it applies to all customers.'),
      }),
      answers: { 201: { description: 'The new entry, approved or requested', schema: entry } },
      problems: ['already-exists', 'unknown-customer'],
      answerIsOpen: true,
      async handle(context) {
        const { db, principal, body, audit } = context;
        const customerId = body.customerId ?? null;
        const customer = customerId === null ? undefined : await namedCustomer(context, customerId);
        // A credential of a segment requests for the product of the customer.
        const productId = productOfWrite(principal, principal.segment && customer?.productId, '/customerId');
        const approved = principal.role === 'admin';
        await lockAllowlist(db, 'alone');
        const created = await insertAllowlistEntry(db, {
          pattern: body.pattern,
          customerId,
          productId,
          approved,
          by: principal.name,
        });
        if (!created)
          throw new Problem('already-exists', 'The pattern is already on the allow-list.', {
            errors: [{ path: '/pattern', message: 'is already on the allow-list' }],
          });
        const { pattern, status } = created;
        await audit('allowlist.create', created.id, { customerId, productId, detail: { pattern, status } });
        await (approved ? review(context, created) : withdrawIdleRequests(context));
        return { status: 201, body: await show(context, created) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/url-allowlist',
      summary: 'List URL patterns',
      tag: 'Allow-list',
      roles: ['admin', 'product', 'viewer'],
      query: z.strictObject({ ...pageQuery, status: z.enum(ALLOWLIST_STATUSES).optional() }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(entry) } },
      async handle({ db, principal, query }) {
        const scope = scopeOf(principal);
        const page = await listAllowlist(db, scope, query, pageRequest(query, isUuid));
        return { status: 200, body: { ...page, items: await withWaiting(db, scope, page.items) } };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/url-allowlist/:id',
      summary: 'Approve or reject a URL pattern',
      tag: 'Allow-list',
      roles: ['admin'],
      params,
      body: z.strictObject({ status: z.enum(['approved', 'rejected']) }),
      answers: { 200: { description: 'The changed entry', schema: entry } },
      problems: ['not-found'],
      async handle(context) {
        const {
          db,
          principal,
          params: { id },
          body,
          audit,
        } = context;
        await lockAllowlist(db, 'alone');
        const before = await findAllowlistEntry(db, id);
        if (!before) throw notFound('allow-list entry');
        if (before.status === body.status) return { status: 200, body: await show(context, before) };
        const decided = await decideAllowlistEntry(db, id, body.status, principal.name);
        const { customerId, productId, pattern } = decided;
        const changes = changesOf(before, decided, ['status']);
        await audit(`allowlist.${body.status}`, id, { customerId, productId, detail: { pattern }, changes });
        await review(context, decided);
        return { status: 200, body: await show(context, decided) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/url-allowlist/:id',
      summary: 'Remove a URL pattern',
      description: 'Subscriptions whose URL is no longer allowed get the status `awaiting-approval`.',
      tag: 'Allow-list',
      roles: ['admin', 'product'],
      params,
      answers: { 204: { description: 'The entry is removed', schema: null } },
      problems: ['not-found'],
      async handle(context) {
        const {
          db,
          principal,
          params: { id },
          audit,
        } = context;
        await lockAllowlist(db, 'alone');
        const removed = await deleteAllowlistEntry(db, id, scopeOf(principal));
        if (!removed) throw notFound('allow-list entry');
        const { customerId, productId, pattern, status } = removed;
        await audit('allowlist.delete', id, { customerId, productId, detail: { pattern, status } });
        await review(context, removed);
        return { status: 204 };
      },
    }),
  ];
}
