import { changesOf } from '../../domain/audit';
import { Problem } from '../../domain/problems';
import { DEFAULT_RETRY_SCHEDULE, type RetrySchedule } from '../../domain/retry-schedule';
import type { Audience, Customer } from '../../domain/types';
import { insertCustomer } from '../../store/catalog/customers';
import { findProduct } from '../../store/catalog/products';
import { productOfWrite, unknownProduct } from '../auth/own-products';
import type { Context } from '../http/route';

/** The fields of a customer that may change. */
export const CUSTOMER_FIELDS = ['name', 'audience', 'capabilities', 'retrySchedule'] as const;

/** A customer in a request. */
export interface NewCustomer {
  name: string;
  /** Null or absent: the product of the credential, else all products share the customer. */
  productId?: string | null;
  audience?: Audience;
  capabilities?: string[];
  retrySchedule?: RetrySchedule;
}

/**
 * Creates a customer and writes it to the audit log.
 *
 * @param where - pointer to the fields of the customer in the request
 * @returns undefined if the id is taken
 * @throws Problem unknown-product, validation-failed, feature-disabled
 */
export async function createCustomer(
  { db, principal, audit, requireFeature }: Pick<Context, 'db' | 'principal' | 'audit' | 'requireFeature'>,
  id: string,
  { productId: given, ...settings }: NewCustomer,
  where = '',
): Promise<Customer | undefined> {
  const path = `${where}/productId`;
  const productId = productOfWrite(principal, given, path);
  if (productId !== null && !(await findProduct(db, productId))) throw unknownProduct(path);
  const { name, audience = 'self', capabilities = [], retrySchedule = DEFAULT_RETRY_SCHEDULE } = settings;
  refuseAudienceOfNone(audience, productId, where);
  if (audience === 'product') requireFeature('product-audience');
  const created = await insertCustomer(db, { id, name, productId, audience, capabilities, retrySchedule });
  if (!created) return undefined;
  const changes = changesOf(undefined, created, CUSTOMER_FIELDS);
  await audit('customer.create', created.id, { customerId: created.id, productId, changes });
  return created;
}

/** @throws Problem validation-failed if a customer of no product is to hear its product's events */
export function refuseAudienceOfNone(audience: Audience | undefined, productId: string | null, where = ''): void {
  if (audience !== 'product' || productId !== null) return;
  throw new Problem(
    'validation-failed',
    'All products share this customer, so there is no product whose events it could get.',
    {
      errors: [{ path: `${where}/audience`, message: 'expected self, because the customer belongs to no product' }],
    },
  );
}
