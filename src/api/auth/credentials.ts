import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { ROLES } from '../../domain/types';
import {
  insertCredential,
  revokeCredential,
  type Credential,
  type CredentialKind,
} from '../../store/access/credentials';
import { findCustomer } from '../../store/catalog/customers';
import { findProduct } from '../../store/catalog/products';
import type { Authenticator } from './auth';
import type { Context, Reply } from '../http/route';
import { displayName, givenId, timestamp } from '../schemas/schemas';

/** Response fields of every credential. */
export const credentialFields = {
  name: z.string(),
  role: z.enum(ROLES),
  productId: z.string().nullable(),
  customerId: z.string().nullable(),
  createdAt: timestamp,
  revokedAt: timestamp.nullable(),
};

/** Input for creating a credential, whether an API key or an OAuth client. */
export const credentialInput = z
  .strictObject({
    name: displayName,
    role: z.enum(ROLES),
    productId: givenId.nullish().describe('Required for `product`. A `viewer` with one sees only that product.'),
    customerId: givenId.nullish().describe('Required for `customer`.'),
  })
  .superRefine(({ role, productId, customerId }, context) => {
    const check = (path: string, required: boolean, allowed: boolean, given: boolean) => {
      if (required && !given)
        context.addIssue({ code: 'custom', path: [path], message: `is required for the role ${role}` });
      if (!allowed && given)
        context.addIssue({ code: 'custom', path: [path], message: `is not allowed for the role ${role}` });
    };
    check('productId', role === 'product', role === 'product' || role === 'viewer', productId != null);
    check('customerId', role === 'customer', role === 'customer', customerId != null);
  });

type CreationContext = Context<unknown, unknown, z.output<typeof credentialInput>>;

/**
 * Creates a credential.
 *
 * @param hash - SHA-256 of its key or secret
 * @throws Problem unknown-product, unknown-customer, quota-exceeded
 */
export async function create(context: CreationContext, kind: CredentialKind, hash: Buffer): Promise<Credential> {
  await checkOwners(context);
  const { name, role, productId = null, customerId = null } = context.body;
  await context.checkQuota('credentials', { customerId, productId });
  const created = await insertCredential(context.db, kind, { name, role, productId, customerId }, hash);
  await context.audit(`${kind.object}.create`, created.id, { role, productId, customerId });
  return created;
}

async function checkOwners({ db, body: { productId, customerId } }: CreationContext): Promise<void> {
  if (productId != null && !(await findProduct(db, productId))) {
    throw new Problem('unknown-product', 'The product does not exist.', {
      errors: [{ path: '/productId', message: 'does not exist' }],
    });
  }
  if (customerId != null && !(await findCustomer(db, customerId, {}))) {
    throw new Problem('unknown-customer', 'The customer does not exist.', {
      errors: [{ path: '/customerId', message: 'does not exist' }],
    });
  }
}

/**
 * Revokes a credential: immediately in this process, within a second in others.
 *
 * @throws Problem not-found; own-credential if the call is made with this credential
 */
export async function revoke(
  { db, principal, params: { id }, audit, afterCommit }: Context<{ id: string }>,
  kind: CredentialKind,
  authenticator: Authenticator,
): Promise<Reply> {
  if (id === principal.id) throw new Problem('own-credential', 'Use another admin credential to revoke this one.');
  if (!(await revokeCredential(db, kind, id))) throw notFound(kind.noun);
  await audit(`${kind.object}.revoke`, id);
  afterCommit(() => authenticator.forget());
  return { status: 204 };
}
