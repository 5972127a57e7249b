import type { Audience, Customer, Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

interface Row {
  id: string;
  name: string;
  product_id: string | null;
  audience: Audience;
  capabilities: string[];
  retry_schedule: number[];
  created_at: Date;
  modified_at: Date;
}

const COLUMNS = 'id, name, product_id, audience, capabilities, retry_schedule, created_at, modified_at';

function toCustomer(row: Row): Customer {
  return {
    id: row.id,
    name: row.name,
    productId: row.product_id,
    audience: row.audience,
    capabilities: row.capabilities,
    retrySchedule: row.retry_schedule,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

/** @returns undefined if the id is taken */
export async function insertCustomer(
  db: Executor,
  customer: Omit<Customer, 'createdAt' | 'modifiedAt'>,
): Promise<Customer | undefined> {
  const { rows } = await db.query<Row>({
    text: `insert into customers (id, name, product_id, audience, capabilities, retry_schedule) values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing returning ${COLUMNS}`,
    values: [
      customer.id,
      customer.name,
      customer.productId,
      customer.audience,
      customer.capabilities,
      customer.retrySchedule,
    ],
  });
  return rows[0] && toCustomer(rows[0]);
}

/**
 * Finds a customer in scope. A product sees its own customers and those that all products share.
 * Nobody sees a customer who is being erased.
 */
export async function findCustomer(db: Executor, id: string, scope: Scope): Promise<Customer | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from customers
           where id = $1 and not erasing and ($2::text[] is null or product_id = any ($2) or product_id is null) and ($3::text is null or id = $3)`,
    values: [id, scope.productIds ?? null, scope.customerId ?? null],
  });
  return rows[0] && toCustomer(rows[0]);
}

/** Lists the default customers that credentials of a product had before the product had one. */
export async function listFormerDefaults(db: Executor, productId: string): Promise<Customer[]> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from customers where product_id = $1 and id ~ '^webhooks-(key|cli)_' and not erasing order by id`,
    values: [productId],
  });
  return rows.map(toCustomer);
}

/** Lists customers by id, descending. */
export async function listCustomers(
  db: Executor,
  scope: Scope,
  filter: { productIds?: readonly string[]; q?: string },
  page: PageRequest,
): Promise<Page<Customer>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from customers
           where not erasing and ($1::text[] is null or product_id = any ($1) or product_id is null) and ($2::text is null or id = $2) and ($3::text is null or id < $3)
             and ($5::text[] is null or product_id = any ($5)) and ($6::text is null or position(lower($6) in lower(id || ' ' || name)) > 0)
           order by id desc limit $4`,
    values: [
      scope.productIds ?? null,
      scope.customerId ?? null,
      page.after ?? null,
      page.limit + 1,
      filter.productIds ?? null,
      filter.q ?? null,
    ],
  });
  return toPage(rows, page, toCustomer, (row) => row.id);
}

/**
 * Locks a customer until the end of the transaction, to change it. A product may change only its
 * own customers.
 *
 * @returns undefined if there is none in scope
 */
export async function lockCustomer(db: Executor, id: string, scope: Scope): Promise<Customer | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from customers where id = $1 and not erasing and ($2::text[] is null or product_id = any ($2)) for no key update`,
    values: [id, scope.productIds ?? null],
  });
  return rows[0] && toCustomer(rows[0]);
}

export async function updateCustomer(
  db: Executor,
  { id, name, audience, capabilities, retrySchedule }: Omit<Customer, 'productId' | 'createdAt' | 'modifiedAt'>,
): Promise<Customer> {
  const { rows } = await db.query<Row>({
    text: `update customers set name = $2, audience = $3, capabilities = $4, retry_schedule = $5, modified_at = now() where id = $1 returning ${COLUMNS}`,
    values: [id, name, audience, capabilities, retrySchedule],
  });
  return toCustomer(rows[0]!);
}
