import { z } from 'zod';
import { changesOf } from '../../domain/audit';
import { isUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { parseUrlPattern, type UrlPattern } from '../../domain/url-pattern';
import {
  ALLOWLIST_STATUSES,
  decideAllowlistEntry,
  findAllowlistEntry,
  deleteAllowlistEntry,
  insertAllowlistEntry,
  listAllowlist,
  lockAllowlist,
  reviewUrls,
  type AllowlistEntry,
} from '../../store/catalog/allowlist';
import { findCustomer } from '../../store/catalog/customers';
import { scopeOf } from '../auth/auth';
import type { Settlement } from '../ports';
import { route, type Context, type Route } from '../http/route';
import { givenId, pageOf, pageQuery, pageRequest, timestamp } from '../schemas/schemas';

const params = z.object({ id: z.string() });

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
  })
  .meta({ id: 'AllowlistEntry' });

/** The URL allow-list. Products request entries, and admins approve them. */
export function allowlistRoutes(settlement: Settlement, allowedUrls: readonly UrlPattern[]): Route[] {
  /**
   * Checks the URLs affected by an entry again, and releases notifications that waited for
   * approval.
   */
  async function review({ db, afterCommit }: Context, { pattern, customerId }: AllowlistEntry): Promise<void> {
    const marked: string[] = [];
    for (const subscriptionId of await reviewUrls(db, allowedUrls, { pattern, customerId })) {
      marked.push(...(await settlement.mark(db, { subscriptionId })));
    }
    if (marked.length > 0) afterCommit(() => settlement.start(marked));
  }

  return [
    route({
      method: 'post',
      path: '/v1/url-allowlist',
      summary: 'Allow or request a URL pattern',
      description:
        'An entry by an admin is approved immediately and applies to all products. An entry by a product is a request that an admin decides.',
      tag: 'Allow-list',
      roles: ['admin', 'product'],
      body: z.strictObject({
        pattern: z
          .string()
          .max(2048)
          .refine(
            (text) => parseUrlPattern(text) !== undefined,
            'expected scheme://host[:port][/path-prefix] or a host',
          )
          .describe(
            '`scheme://host[:port][/path-prefix]` or a host, which means https. `*` stands for any host, for sub-domain labels or for any port.',
          ),
        customerId: givenId
          .nullish()
          .describe('Restricts the entry to this customer. If absent, it applies to all customers.'),
      }),
      answers: { 201: { description: 'The new entry, approved or requested', schema: entry } },
      problems: ['already-exists', 'unknown-customer'],
      creates: true,
      answerIsOpen: true,
      async handle(context) {
        const { db, principal, body, audit } = context;
        const customerId = body.customerId ?? null;
        if (customerId !== null && !(await findCustomer(db, customerId, scopeOf(principal)))) {
          throw new Problem('unknown-customer', 'The customer does not exist.', {
            errors: [{ path: '/customerId', message: 'does not exist' }],
          });
        }
        const approved = principal.role === 'admin';
        await lockAllowlist(db, 'alone');
        const created = await insertAllowlistEntry(db, {
          pattern: body.pattern.trim(),
          customerId,
          productId: principal.productId,
          approved,
          by: principal.name,
        });
        if (!created)
          throw new Problem('already-exists', 'The pattern is already on the allow-list.', {
            errors: [{ path: '/pattern', message: 'is already on the allow-list' }],
          });
        const { pattern, status, productId } = created;
        await audit('allowlist.create', created.id, { customerId, productId, detail: { pattern, status } });
        if (approved) await review(context, created);
        return { status: 201, body: created };
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
        return { status: 200, body: await listAllowlist(db, scopeOf(principal), query, pageRequest(query, isUuid)) };
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
        if (before.status === body.status) return { status: 200, body: before };
        const decided = await decideAllowlistEntry(db, id, body.status, principal.name);
        const { customerId, productId, pattern } = decided;
        const changes = changesOf(before, decided, ['status']);
        await audit(`allowlist.${body.status}`, id, { customerId, productId, detail: { pattern }, changes });
        await review(context, decided);
        return { status: 200, body: decided };
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
