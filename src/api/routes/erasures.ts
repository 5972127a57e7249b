import { z } from 'zod';
import { ERASED_KINDS, ERASURE_PHASES, ERASURE_STATUSES, type ErasedKind } from '../../domain/erasure';
import { isUuid } from '../../domain/ids';
import { notFound } from '../../domain/problems';
import { beginErasure } from '../../store/erasure/begin-erasure';
import { findErasure, listErasures } from '../../store/erasure/erasures';
import { scopeOf, type Authenticator } from '../auth/auth';
import { WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { pageOf, pageQuery, pageRequest, timestamp } from '../schemas/schemas';

const params = z.object({ id: z.string() });

const counts = z.object(
  Object.fromEntries(
    Object.entries(ERASED_KINDS).map(([kind, meaning]) => [kind, z.int().describe(meaning)]),
  ) as Record<ErasedKind, z.ZodInt>,
);

const erasure = z
  .object({
    id: z.string(),
    productId: z
      .string()
      .nullable()
      .describe('The product that owned the customer; null if all products shared the customer.'),
    status: z.enum(ERASURE_STATUSES),
    phase: z.enum(ERASURE_PHASES).describe('What the erasure is doing. The phases follow in this order.'),
    counts: counts.describe('What has been removed so far, by kind.'),
    createdAt: timestamp,
    finishedAt: timestamp.nullable(),
  })
  .meta({ id: 'Erasure' });

interface ErasureDeps {
  authenticator: Pick<Authenticator, 'forget'>;
  /** Starts the workflow of an erasure. The reconciler starts those that fail here. */
  startErasure(erasureId: string): Promise<void>;
}

/** Erasure of customers with everything of theirs, and the receipts. */
export function erasureRoutes({ authenticator, startErasure }: ErasureDeps): Route[] {
  return [
    route({
      method: 'delete',
      path: '/v1/customers/:id',
      summary: 'Erase a customer',
      description:
        'Removes the customer and everything of theirs, in the background; this cannot be undone. From now on the customer is unknown: credentials of theirs are invalid, events for them are refused, and nothing is delivered to them. Open notifications are cancelled first. The id can be used again when the erasure has finished. A repeated call returns the same erasure while it runs.',
      tag: 'Customers',
      roles: WRITERS,
      params,
      answers: { 202: { description: 'The erasure, which runs in the background', schema: erasure } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id }, audit, afterCommit }) {
        const requested = await beginErasure(db, id, scopeOf(principal));
        if (!requested) throw notFound('customer');
        const { erasure, begun } = requested;
        if (begun) {
          await audit('customer.erase', erasure.id, { productId: erasure.productId });
          afterCommit(() => authenticator.forget());
          afterCommit(() => startErasure(erasure.id));
        }
        return { status: 202, body: erasure };
      },
    }),
    route({
      method: 'get',
      path: '/v1/erasures',
      summary: 'List erasures',
      tag: 'Customers',
      roles: WRITERS,
      query: z.strictObject({ ...pageQuery, status: z.enum(ERASURE_STATUSES).optional() }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(erasure) } },
      async handle({ db, principal, query }) {
        return { status: 200, body: await listErasures(db, scopeOf(principal), query, pageRequest(query, isUuid)) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/erasures/:id',
      summary: 'Get an erasure with its progress, or its receipt',
      description: 'The receipt is kept. It contains nothing that identifies the customer.',
      tag: 'Customers',
      roles: WRITERS,
      params,
      answers: { 200: { description: 'The erasure', schema: erasure } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id } }) {
        const found = await findErasure(db, id, scopeOf(principal));
        if (!found) throw notFound('erasure');
        return { status: 200, body: found };
      },
    }),
  ];
}
