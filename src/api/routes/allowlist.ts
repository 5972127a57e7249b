import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { parseUrlPattern, type UrlPattern } from '../../domain/url-pattern';
import {
  ALLOWLIST_STATUSES,
  decideAllowlistEntry,
  deleteAllowlistEntry,
  insertAllowlistEntry,
  listAllowlist,
  lockAllowlist,
  reviewUrls,
  type AllowlistEntry,
} from '../../store/catalog/allowlist';
import { findCustomer } from '../../store/catalog/customers';
import { scopeOf } from '../auth/auth';
import type { Settler } from '../ports';
import { route, type Context, type Route } from '../http/route';
import { givenId, isUuidKey, pageOf, pageQuery, pageRequest, timestamp } from '../schemas/schemas';

const params = z.object({ id: z.string() });

const entry = z
  .object({
    id: z.string(),
    pattern: z.string(),
    customerId: z.string().nullable(),
    productId: z.string().nullable(),
    status: z.enum(ALLOWLIST_STATUSES),
    requestedBy: z.string(),
    decidedBy: z.string().nullable(),
    createdAt: timestamp,
    decidedAt: timestamp.nullable(),
  })
  .meta({ id: 'AllowlistEntry' });

/** The URL allow-list: requested by products, approved by admins. */
export function allowlistRoutes(settler: Settler, allowedUrls: readonly UrlPattern[]): Route[] {
  /** Decides again for the subscriptions that an entry concerns, and releases what was waiting for it. */
  async function review({ db, afterCommit }: Context, { pattern, customerId }: AllowlistEntry): Promise<void> {
    const marked: string[] = [];
    for (const subscriptionId of await reviewUrls(db, allowedUrls, { pattern, customerId })) {
      marked.push(...(await settler.mark(db, { subscriptionId })));
    }
    if (marked.length > 0) afterCommit(() => settler.start(marked));
  }

  return [
    route({
      method: 'post',
      path: '/v1/url-allowlist',
      summary: 'Allow a URL pattern, or ask for it',
      description: "An admin's is approved at once and holds for all products; a product's is a request.",
      tag: 'Allow-list',
      roles: ['admin', 'product'],
      body: z.strictObject({
        pattern: z
          .string()
          .max(2048)
          .refine((text) => parseUrlPattern(text) !== undefined, 'scheme://host[:port][/path-prefix], or a host')
          .describe(
            '`scheme://host[:port][/path-prefix]`, or a host. `*` stands for any host, sub-domain label or port.',
          ),
        customerId: givenId.nullish().describe('Absent: for all customers.'),
      }),
      answers: { 201: { description: 'Approved, or requested', schema: entry } },
      problems: ['already-exists', 'unknown-customer'],
      creates: true,
      async handle(context) {
        const { db, principal, body, audit } = context;
        const customerId = body.customerId ?? null;
        if (customerId !== null && !(await findCustomer(db, customerId, scopeOf(principal)))) {
          throw new Problem('unknown-customer', 'There is no such customer.', {
            errors: [{ path: '/customerId', message: 'no such customer' }],
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
          throw new Problem('already-exists', 'The same pattern is on the list.', {
            errors: [{ path: '/pattern', message: 'is on the list' }],
          });
        await audit('allowlist.create', created.id, { pattern: created.pattern, status: created.status });
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
        return { status: 200, body: await listAllowlist(db, scopeOf(principal), query, pageRequest(query, isUuidKey)) };
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
      answers: { 200: { description: 'Decided', schema: entry } },
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
        const decided = await decideAllowlistEntry(db, id, body.status, principal.name);
        if (!decided) throw notFound('allow-list entry');
        await audit(`allowlist.${body.status}`, id, { pattern: decided.pattern });
        await review(context, decided);
        return { status: 200, body: decided };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/url-allowlist/:id',
      summary: 'Take a URL pattern off the list',
      description: 'Subscriptions whose URL is on the list no more wait for approval again.',
      tag: 'Allow-list',
      roles: ['admin', 'product'],
      params,
      answers: { 204: { description: 'Removed', schema: null } },
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
        await audit('allowlist.delete', id, { pattern: removed.pattern });
        await review(context, removed);
        return { status: 204 };
      },
    }),
  ];
}
