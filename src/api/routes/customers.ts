import { z } from 'zod';
import { newUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { DEFAULT_RETRY_SCHEDULE } from '../../domain/retry-schedule';
import { findCustomer, listCustomers, lockCustomer } from '../../store/catalog/customers';
import type { Settlement } from '../ports';
import { scopeOf } from '../auth/auth';
import { productsOfFilter } from '../auth/own-products';
import { changeCustomer } from '../customers/change-customer';
import { createCustomer } from '../customers/new-customer';
import { CUSTOMER_READERS, WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { audience, customerCapabilities } from '../schemas/customer-schemas';
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
  segmentFilter,
  timestamp,
} from '../schemas/schemas';

const params = z.object({ id: z.string() });

const customer = z
  .object({
    id: givenId,
    name: z.string(),
    productId: z.string().nullable().describe('null if all products share the customer.'),
    audience,
    capabilities: z.array(z.string()),
    retrySchedule: z.array(z.int()),
    createdAt: timestamp,
    modifiedAt: timestamp,
  })
  .meta({ id: 'Customer' });

/** Customers. */
export function customerRoutes({ settlement }: { settlement: Settlement }): Route[] {
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
        id: newCustomerId
          .optional()
          .describe('Generated if absent. Must not begin with `webhooks-`, and is not `.` or `..`.'),
        name: displayName,
        productId: givenId.nullish(),
        audience: audience.default('self'),
        capabilities: customerCapabilities.default([]),
        retrySchedule: retrySchedule.default([...DEFAULT_RETRY_SCHEDULE]),
      }),
      answers: { 201: { description: 'The new customer', schema: customer } },
      problems: ['already-exists', 'unknown-product', 'feature-disabled'],
      answerIsOpen: true,
      async handle(context) {
        const { id = newUuid(), ...body } = context.body;
        const created = await createCustomer(context, id, body);
        if (!created)
          throw new Problem('already-exists', 'Another customer has this id.', {
            errors: [{ path: '/id', message: 'is already taken' }],
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
        segment: segmentFilter.describe('Only customers of products in this segment.'),
        q: searchText.describe('Part of the id or name.').optional(),
      }),
      answers: { 200: { description: 'A page, sorted by id in descending order', schema: pageOf(customer) } },
      async handle({ db, principal, query }) {
        return {
          status: 200,
          body: await listCustomers(
            db,
            scopeOf(principal),
            { ...query, productIds: await productsOfFilter(db, query) },
            pageRequest(query, isGivenIdKey),
          ),
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
      description:
        'A new retry schedule applies to the subscriptions without one of their own, from the next attempt on. It moves the next attempts of waiting notifications within seconds.',
      tag: 'Customers',
      roles: WRITERS,
      params,
      body: z.strictObject({
        name: displayName.optional(),
        audience: audience.optional(),
        capabilities: customerCapabilities.optional(),
        retrySchedule: retrySchedule.optional(),
      }),
      answers: { 200: { description: 'The changed customer', schema: customer } },
      problems: ['not-found', 'feature-disabled'],
      async handle(context) {
        const before = await lockCustomer(context.db, context.params.id, scopeOf(context.principal));
        if (!before) throw notFound('customer');
        return { status: 200, body: await changeCustomer(context, settlement, before, context.body) };
      },
    }),
  ];
}
