import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { ROLES, type Role } from '../../domain/types';
import {
  insertCredential,
  lockCredential,
  revokeCredential,
  rotateCredential,
  type Credential,
  type CredentialKind,
} from '../../store/access/credentials';
import { endPortalSessionsOf } from '../../store/access/portal-sessions';
import { findProduct, findProductsOfSegment } from '../../store/catalog/products';
import { namedCustomer } from '../customers/named-customer';
import type { Authenticator } from './auth';
import type { Context, Reply } from '../http/route';
import { displayName, givenId, overlapSeconds, segmentName, timestamp, timestampInput } from '../schemas/schemas';

/** Response fields of every credential. */
export const credentialFields = {
  name: z.string(),
  role: z.enum(ROLES),
  productId: z.string().nullable(),
  segment: z.string().nullable().describe('Granted in place of one product: the products that are in it now.'),
  customerId: z.string().nullable(),
  createdAt: timestamp,
  expiresAt: timestamp.nullable().describe('null: it does not expire.'),
  lastUsedAt: timestamp.nullable().describe('To the minute. null: it was never used.'),
  revokedAt: timestamp.nullable(),
};

/** Input for creating a credential, whether an API key or an OAuth client. */
export const credentialInput = z
  .strictObject({
    name: displayName,
    role: z.enum(ROLES),
    productId: givenId
      .nullish()
      .describe(
        'Required for `product` and `producer`, unless they have a `segment`. A `viewer` with one sees only that product.',
      ),
    segment: segmentName
      .nullish()
      .describe(
        'In place of `productId`: the credential gets the products that are in the segment, for as long as they are in it.',
      ),
    customerId: givenId.nullish().describe('Required for `customer`.'),
    expiresAt: timestampInput
      .refine((at) => at.getTime() > Date.now(), 'must be in the future')
      .nullish()
      .describe('When it becomes invalid. Default: never.'),
  })
  .superRefine(({ role, productId, segment, customerId }, context) => {
    const check = (path: string, required: boolean, allowed: boolean, given: boolean) => {
      if (required && !given)
        context.addIssue({ code: 'custom', path: [path], message: `is required for the role ${role}` });
      if (!allowed && given)
        context.addIssue({ code: 'custom', path: [path], message: `is not allowed for the role ${role}` });
    };
    const isOfProduct = role === 'product' || role === 'producer';
    const hasSegment = segment != null;
    check('productId', isOfProduct && !hasSegment, isOfProduct || role === 'viewer', productId != null);
    check('segment', false, isOfProduct || role === 'viewer', hasSegment);
    if (hasSegment && productId != null)
      context.addIssue({ code: 'custom', path: ['segment'], message: 'is not allowed beside productId' });
    check('customerId', role === 'customer', role === 'customer', customerId != null);
  })
  .meta({
    anyOf: [
      ownersOf(['admin'], {}),
      ownersOf(['viewer'], { productId: ['string', 'null'] }),
      ownersOf(['product', 'producer'], { productId: ['string'] }),
      ownersOf(['viewer', 'product', 'producer'], { segment: ['string'] }),
      ownersOf(['customer'], { customerId: ['string'] }),
    ],
  });

/** For the OpenAPI document: the types of the owners of credentials with these roles. */
function ownersOf(roles: Role[], types: { productId?: string[]; segment?: string[]; customerId?: string[] }) {
  const { productId = ['null'], segment = ['null'], customerId = ['null'] } = types;
  return {
    properties: {
      role: { enum: roles },
      productId: { type: productId },
      segment: { type: segment },
      customerId: { type: customerId },
    },
    required: ['role', ...Object.entries(types).flatMap(([name, allowed]) => (allowed.includes('null') ? [] : [name]))],
  };
}

type CreationContext = Context<unknown, unknown, z.output<typeof credentialInput>>;

/**
 * Creates a credential.
 *
 * @param hash - SHA-256 of its key or secret
 * @throws Problem unknown-product, unknown-customer, quota-exceeded; validation-failed for a
 *   segment without products
 */
export async function create(context: CreationContext, kind: CredentialKind, hash: Buffer): Promise<Credential> {
  await checkOwners(context);
  const { name, role, productId = null, segment = null, customerId = null, expiresAt = null } = context.body;
  await context.checkQuota('credentials', { customerId, productId });
  const created = await insertCredential(
    context.db,
    kind,
    { name, role, productId, segment, customerId, expiresAt },
    hash,
  );
  const detail = { role, expiresAt, ...(segment !== null && { segment }) };
  await context.audit(`${kind.object}.create`, created.id, { customerId, productId, detail });
  return created;
}

async function checkOwners(context: CreationContext): Promise<void> {
  const {
    db,
    body: { productId, segment, customerId },
  } = context;
  if (segment != null && (await findProductsOfSegment(db, segment)).length === 0) {
    throw new Problem('validation-failed', `No product is in the segment ${segment}. Set it on a product first.`, {
      errors: [{ path: '/segment', message: 'has no products' }],
    });
  }
  if (productId != null && !(await findProduct(db, productId))) {
    throw new Problem('unknown-product', 'The product does not exist.', {
      errors: [{ path: '/productId', message: 'does not exist' }],
    });
  }
  if (customerId != null) await namedCustomer(context, customerId);
}

const MAX_OVERLAP_SECONDS = 30 * 86_400;

/** Input for replacing the key or secret of a credential. */
export const rotationInput = z.strictObject({
  overlapSeconds: overlapSeconds(MAX_OVERLAP_SECONDS, 'How long the one before stays valid. Default: a day.'),
});

/**
 * Replaces the key or secret of a credential, which keeps its id and its rights.
 *
 * @param hash - SHA-256 of the new one
 * @throws Problem not-found if no valid credential has this id
 */
export async function rotate(
  {
    db,
    params: { id },
    body: { overlapSeconds },
    audit,
    afterCommit,
  }: Context<{ id: string }, unknown, z.output<typeof rotationInput>>,
  kind: CredentialKind,
  hash: Buffer,
  authenticator: Authenticator,
): Promise<Credential> {
  const rotated = await rotateCredential(db, kind, id, hash, overlapSeconds);
  if (!rotated) throw notFound(kind.noun);
  const { customerId, productId } = rotated;
  await audit(`${kind.object}.rotate`, id, { customerId, productId, detail: { overlapSeconds } });
  afterCommit(() => authenticator.forget());
  return rotated;
}

/**
 * Revokes a credential: immediately in this process, within a second in others. The portal sessions
 * that it created end with it.
 *
 * @throws Problem not-found; own-credential if the call is made with this credential
 */
export async function revoke(
  { db, principal, params: { id }, audit, afterCommit }: Context<{ id: string }>,
  kind: CredentialKind,
  authenticator: Authenticator,
): Promise<Reply> {
  if (id === principal.id) throw new Problem('own-credential', 'Use another admin credential to revoke this one.');
  const before = await lockCredential(db, kind, id);
  if (!before) throw notFound(kind.noun);
  if (before.revokedAt) return { status: 204 };
  await revokeCredential(db, kind, id);
  await endPortalSessionsOf(db, id);
  await audit(`${kind.object}.revoke`, id, { customerId: before.customerId, productId: before.productId });
  afterCommit(() => authenticator.forget());
  return { status: 204 };
}
