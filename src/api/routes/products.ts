import { z } from 'zod';
import { changesOf } from '../../domain/audit';
import { NO_BRANDING } from '../../domain/branding';
import { newUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import type { ProductRetention, RetentionDays } from '../../domain/retention';
import { UNKNOWN_CUSTOMERS } from '../../domain/types';
import { findProduct, insertProduct, listProducts, lockProduct, updateProduct } from '../../store/catalog/products';
import { endPortalSessionsOfSegment } from '../../store/access/portal-sessions';
import { scopeOf, type Authenticator } from '../auth/auth';
import { route, type Context, type Route } from '../http/route';
import { brandingChange, brandingSchema } from '../schemas/branding-schemas';
import {
  displayName,
  givenId,
  isGivenIdKey,
  pageOf,
  pageQuery,
  pageRequest,
  searchText,
  newGivenId,
  newSegmentName,
  segmentFilter,
  timestamp,
} from '../schemas/schemas';
import type { Settlement } from '../ports';

const RETENTION_MAX_DAYS = 3650;
const keptDays = z.int().min(1).max(RETENTION_MAX_DAYS).nullable();
const retention = z.strictObject({
  payloadDays: keptDays.describe('How long data of events and bodies of attempts are kept; null: the default.'),
  historyDays: keptDays.describe('How long events, notifications and attempts are kept; null: the default.'),
});

const product = z
  .object({
    id: givenId,
    name: z.string(),
    segment: z.string().nullable(),
    enabled: z.boolean(),
    unknownCustomers: z.enum(UNKNOWN_CUSTOMERS),
    requireVerification: z
      .boolean()
      .describe('Whether notifications are held until the subscription has passed a challenge.'),
    retention,
    branding: brandingSchema,
    createdAt: timestamp,
    modifiedAt: timestamp,
  })
  .meta({ id: 'Product' });

const params = z.object({ id: z.string() });
/** The fields that may change. */
const FIELDS = [
  'name',
  'segment',
  'enabled',
  'unknownCustomers',
  'requireVerification',
  'retention',
  'branding',
] as const;
/** An absent field keeps its value. */
const retentionChange = retention
  .partial()
  .describe('Days that differ from those of the installation. Payloads cannot be kept longer than the history.');
const segment = newSegmentName
  .nullable()
  .describe('Groups product lines, such as those of one business. null for none.');
const unknownCustomers = z
  .enum(UNKNOWN_CUSTOMERS)
  .describe(
    'An event for a customer that the product does not have: `refuse` returns 422; `accept` stores it, and notifies only customers with audience `product`.',
  );
const requireVerification = z.boolean().describe('Hold notifications until the subscription has passed a challenge.');

/** Products. */
export function productRoutes(
  settlement: Settlement,
  defaults: RetentionDays,
  authenticator: Pick<Authenticator, 'forget'>,
): Route[] {
  /** Credentials may be granted a segment, so its products are a matter of authorization. */
  const regroup = (context: Pick<Context, 'afterCommit'>) => context.afterCommit(() => authenticator.forget());

  function checked({ payloadDays, historyDays }: ProductRetention): ProductRetention {
    if ((payloadDays ?? 0) > (historyDays ?? defaults.history)) {
      const message = `must be at most historyDays, which is ${historyDays ?? defaults.history}`;
      throw new Problem('validation-failed', `retention.payloadDays ${message}.`, {
        errors: [{ path: '/retention/payloadDays', message }],
      });
    }
    return { payloadDays, historyDays };
  }

  return [
    route({
      method: 'post',
      path: '/v1/products',
      summary: 'Create a product',
      description: 'A product is disabled unless `enabled` is true. Events of a disabled product are rejected.',
      tag: 'Products',
      roles: ['admin'],
      body: z.strictObject({
        id: newGivenId.optional().describe('Generated if absent. Not `.` or `..`.'),
        name: displayName,
        segment: segment.default(null),
        enabled: z.boolean().default(false),
        unknownCustomers: unknownCustomers.default('refuse'),
        requireVerification: requireVerification.default(false),
        retention: retentionChange.optional(),
        branding: brandingChange.optional(),
      }),
      answers: { 201: { description: 'The new product', schema: product } },
      problems: ['already-exists'],
      answerIsOpen: true,
      async handle({ db, body, audit, afterCommit }) {
        const created = await insertProduct(db, {
          ...body,
          id: body.id ?? newUuid(),
          retention: checked({ payloadDays: null, historyDays: null, ...body.retention }),
          branding: { ...NO_BRANDING, ...body.branding },
        });
        if (!created)
          throw new Problem('already-exists', 'Another product has this id.', {
            errors: [{ path: '/id', message: 'is already taken' }],
          });
        await audit('product.create', created.id, {
          productId: created.id,
          changes: changesOf(undefined, created, FIELDS),
        });
        if (created.segment !== null) regroup({ afterCommit });
        return { status: 201, body: created };
      },
    }),
    route({
      method: 'get',
      path: '/v1/products',
      summary: 'List products',
      tag: 'Products',
      roles: ['admin', 'product', 'viewer'],
      query: z.strictObject({
        ...pageQuery,
        q: searchText.describe('Part of the id or name.').optional(),
        segment: segmentFilter.describe('Only products of this segment.'),
      }),
      answers: { 200: { description: 'A page, sorted by id in descending order', schema: pageOf(product) } },
      async handle({ db, principal, query }) {
        return {
          status: 200,
          body: await listProducts(db, scopeOf(principal), query, pageRequest(query, isGivenIdKey)),
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/products/:id',
      summary: 'Get a product',
      tag: 'Products',
      roles: ['admin', 'product', 'viewer'],
      params,
      answers: { 200: { description: 'The product', schema: product } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id } }) {
        const found = await findProduct(db, id, scopeOf(principal));
        if (!found) throw notFound('product');
        return { status: 200, body: found };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/products/:id',
      summary: 'Change a product',
      description:
        'Setting `requireVerification` to false releases the notifications that were held for it. Credentials that are granted a segment gain and lose the product with it: immediately in this process, and within a second in others.',
      tag: 'Products',
      roles: ['admin'],
      params,
      body: z.strictObject({
        name: displayName.optional(),
        segment: segment.optional(),
        enabled: z.boolean().optional(),
        unknownCustomers: unknownCustomers.optional(),
        requireVerification: requireVerification.optional(),
        retention: retentionChange.optional(),
        branding: brandingChange.optional(),
      }),
      answers: { 200: { description: 'The changed product', schema: product } },
      problems: ['not-found'],
      async handle({ db, params: { id }, body, audit, afterCommit }) {
        const before = await lockProduct(db, id);
        if (!before) throw notFound('product');
        const retention = body.retention ? checked({ ...before.retention, ...body.retention }) : before.retention;
        const after = { ...before, ...body, retention, branding: { ...before.branding, ...body.branding } };
        const changes = changesOf(before, after, FIELDS);
        if (Object.keys(changes).length === 0) return { status: 200, body: before };
        const changed = await updateProduct(db, after);
        await audit('product.change', id, { productId: id, changes });
        if (changes.segment) {
          await endPortalSessionsOfSegment(db, id, before.segment);
          regroup({ afterCommit });
        }
        if (before.requireVerification && !after.requireVerification) {
          const subscriptions = await settlement.mark(db, { productId: id });
          afterCommit(() => settlement.start(subscriptions));
        }
        return { status: 200, body: changed };
      },
    }),
  ];
}
