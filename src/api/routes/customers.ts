import { z } from 'zod';
import { changesOf } from '../../domain/audit';
import { newUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { DEFAULT_RETRY_SCHEDULE } from '../../domain/retry-schedule';
import {
  findCustomer,
  insertCustomer,
  listCustomers,
  lockCustomer,
  updateCustomer,
} from '../../store/catalog/customers';
import { findProduct } from '../../store/catalog/products';
import { scopeOf } from '../auth/auth';
import { CUSTOMER_READERS, WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import {
  displayName,
  givenId,
  isGivenIdKey,
  newCustomerId,
  pageOf,
  pageQuery,
  pageRequest,
  retrySchedule,
  searchText,
  timestamp,
} from '../schemas/schemas';

const params = z.object({ id: z.string() });
/** The fields that may change. */
const FIELDS = ['name', 'retrySchedule'] as const;

const customer = z
  .object({
    id: givenId,
    name: z.string(),
    productId: z.string().nullable().describe('null if all products share the customer.'),
    retrySchedule: z.array(z.int()),
    createdAt: timestamp,
    modifiedAt: timestamp,
  })
  .meta({ id: 'Customer' });

/** Customers. */
export function customerRoutes(): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/customers',
      summary: 'Create a customer',
      description:
        'A product creates its own customers. If an admin omits `productId`, all products share the customer.',
      tag: 'Customers',
      roles: WRITERS,
      body: z.strictObject({
        id: newCustomerId.optional().describe('Generated if absent. Must not begin with `webhooks-`.'),
        name: displayName,
        productId: givenId.nullish(),
        retrySchedule: retrySchedule.default([...DEFAULT_RETRY_SCHEDULE]),
      }),
      answers: { 201: { description: 'The new customer', schema: customer } },
      problems: ['already-exists', 'unknown-product'],
      creates: true,
      answerIsOpen: true,
      async handle({ db, principal, body, audit }) {
        const productId = principal.productId ?? body.productId ?? null;
        if (
          (body.productId ?? productId) !== productId ||
          (productId !== null && !(await findProduct(db, productId)))
        ) {
          throw new Problem('unknown-product', 'The product does not exist or is not yours.', {
            errors: [{ path: '/productId', message: 'does not exist or is not yours' }],
          });
        }
        const created = await insertCustomer(db, {
          id: body.id ?? newUuid(),
          name: body.name,
          productId,
          retrySchedule: body.retrySchedule,
        });
        if (!created)
          throw new Problem('already-exists', 'Another customer has this id.', {
            errors: [{ path: '/id', message: 'is already taken' }],
          });
        await audit('customer.create', created.id, {
          customerId: created.id,
          productId,
          changes: changesOf(undefined, created, FIELDS),
        });
        return { status: 201, body: created };
      },
    }),
    route({
      method: 'get',
      path: '/v1/customers',
      summary: 'List customers',
      tag: 'Customers',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        productId: givenId.optional(),
        q: searchText.describe('Part of the id or name.').optional(),
      }),
      answers: { 200: { description: 'A page, sorted by id in descending order', schema: pageOf(customer) } },
      async handle({ db, principal, query }) {
        return {
          status: 200,
          body: await listCustomers(db, scopeOf(principal), query, pageRequest(query, isGivenIdKey)),
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/customers/:id',
      summary: 'Get a customer',
      tag: 'Customers',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The customer', schema: customer } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id } }) {
        const found = await findCustomer(db, id, scopeOf(principal));
        if (!found) throw notFound('customer');
        return { status: 200, body: found };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/customers/:id',
      summary: 'Change a customer',
      description: 'A new retry schedule applies to ladders that start from now on.',
      tag: 'Customers',
      roles: WRITERS,
      params,
      body: z.strictObject({ name: displayName.optional(), retrySchedule: retrySchedule.optional() }),
      answers: { 200: { description: 'The changed customer', schema: customer } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id }, body, audit }) {
        const before = await lockCustomer(db, id, scopeOf(principal));
        if (!before) throw notFound('customer');
        const after = { ...before, ...body };
        const changes = changesOf(before, after, FIELDS);
        if (Object.keys(changes).length === 0) return { status: 200, body: before };
        await audit('customer.change', id, { customerId: id, productId: before.productId, changes });
        return { status: 200, body: await updateCustomer(db, after) };
      },
    }),
  ];
}
