import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { ROLES } from '../../domain/types';
import { insertApiKey, listApiKeys, revokeApiKey } from '../../store/api-keys';
import { findCustomer } from '../../store/customers';
import { findProduct } from '../../store/products';
import { generateApiKey, type Authenticator } from '../auth';
import { route, type Context, type Route } from '../route';
import { displayName, givenId, isUuidKey, pageOf, pageQuery, pageRequest, timestamp } from '../schemas';

const apiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    productId: z.string().nullable(),
    customerId: z.string().nullable(),
    createdAt: timestamp,
    revokedAt: timestamp.nullable(),
  })
  .meta({ id: 'ApiKey' });

const body = z
  .strictObject({
    name: displayName,
    role: z.enum(ROLES),
    productId: givenId.nullish().describe('Needed for `product`; a `viewer` with one sees that product only.'),
    customerId: givenId.nullish().describe('Needed for `customer`.'),
  })
  .superRefine(({ role, productId, customerId }, context) => {
    const need = (path: string, needed: boolean, allowed: boolean, given: boolean) => {
      if (needed && !given)
        context.addIssue({ code: 'custom', path: [path], message: `is needed for the role ${role}` });
      if (!allowed && given)
        context.addIssue({ code: 'custom', path: [path], message: `does not go with the role ${role}` });
    };
    need('productId', role === 'product', role === 'product' || role === 'viewer', productId != null);
    need('customerId', role === 'customer', role === 'customer', customerId != null);
  });

/** Credentials. */
export function apiKeyRoutes(authenticator: Authenticator): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/api-keys',
      summary: 'Create an API key',
      description: 'Answers the key, this once; only its hash is kept.',
      tag: 'API keys',
      roles: ['admin'],
      body,
      answers: { 201: { description: 'Created', schema: apiKey.extend({ key: z.string() }) } },
      problems: ['unknown-product', 'unknown-customer'],
      creates: true,
      async handle(context) {
        await checkReach(context);
        const { name, role, productId, customerId } = context.body;
        const { key, hash } = generateApiKey();
        const created = await insertApiKey(context.db, {
          name,
          role,
          productId: productId ?? null,
          customerId: customerId ?? null,
          hash,
        });
        await context.audit('api-key.create', created.id, { role, productId, customerId });
        return { status: 201, body: { ...created, key } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/api-keys',
      summary: 'List API keys',
      tag: 'API keys',
      roles: ['admin'],
      query: z.strictObject(pageQuery),
      answers: { 200: { description: 'A page, newest first, revoked ones included', schema: pageOf(apiKey) } },
      async handle({ db, query }) {
        return { status: 200, body: await listApiKeys(db, pageRequest(query, isUuidKey)) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/api-keys/:id',
      summary: 'Revoke an API key',
      description: 'Holds at once in this process, within a second in others.',
      tag: 'API keys',
      roles: ['admin'],
      params: z.object({ id: z.string() }),
      answers: { 204: { description: 'Revoked', schema: null } },
      problems: ['not-found', 'own-credential'],
      async handle({ db, principal, params: { id }, audit, afterCommit }) {
        if (id === principal.id)
          throw new Problem('own-credential', 'Use another admin credential to revoke this one.');
        if (!(await revokeApiKey(db, id))) throw notFound('API key');
        await audit('api-key.revoke', id);
        afterCommit(() => authenticator.forget());
        return { status: 204 };
      },
    }),
  ];
}

async function checkReach({
  db,
  body: { productId, customerId },
}: Context<unknown, unknown, z.output<typeof body>>): Promise<void> {
  if (productId != null && !(await findProduct(db, productId))) {
    throw new Problem('unknown-product', 'There is no such product.', {
      errors: [{ path: '/productId', message: 'no such product' }],
    });
  }
  if (customerId != null && !(await findCustomer(db, customerId, {}))) {
    throw new Problem('unknown-customer', 'There is no such customer.', {
      errors: [{ path: '/customerId', message: 'no such customer' }],
    });
  }
}
