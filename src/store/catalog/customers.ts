import type { RetrySchedule } from '../../domain/retry-schedule';
import type { Customer, Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

interface Row {
  id: string;
  name: string;
  product_id: string | null;
  retry_schedule: number[];
  created_at: Date;
  modified_at: Date;
}

const COLUMNS = 'id, name, product_id, retry_schedule, created_at, modified_at';

function toCustomer(row: Row): Customer {
  return {
    id: row.id,
    name: row.name,
    productId: row.product_id,
    retrySchedule: row.retry_schedule,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

/** @returns undefined if the id is taken */
export async function insertCustomer(
  db: Executor,
  customer: { id: string; name: string; productId: string | null; retrySchedule: RetrySchedule },
): Promise<Customer | undefined> {
  const { rows } = await db.query<Row>({
    text: `insert into customers (id, name, product_id, retry_schedule) values ($1, $2, $3, $4) on conflict (id) do nothing returning ${COLUMNS}`,
    values: [customer.id, customer.name, customer.productId, customer.retrySchedule],
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
           where id = $1 and not erasing and ($2::text is null or product_id = $2 or product_id is null) and ($3::text is null or id = $3)`,
    values: [id, scope.productId ?? null, scope.customerId ?? null],
  });
  return rows[0] && toCustomer(rows[0]);
}

/** Lists customers by id, descending. */
export async function listCustomers(
  db: Executor,
  scope: Scope,
  filter: { productId?: string; q?: string },
  page: PageRequest,
): Promise<Page<Customer>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from customers
           where not erasing and ($1::text is null or product_id = $1 or product_id is null) and ($2::text is null or id = $2) and ($3::text is null or id < $3)
             and ($5::text is null or product_id = $5) and ($6::text is null or position(lower($6) in lower(id || ' ' || name)) > 0)
           order by id desc limit $4`,
    values: [
      scope.productId ?? null,
      scope.customerId ?? null,
      page.after ?? null,
      page.limit + 1,
      filter.productId ?? null,
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
    text: `select ${COLUMNS} from customers where id = $1 and not erasing and ($2::text is null or product_id = $2) for no key update`,
    values: [id, scope.productId ?? null],
  });
  return rows[0] && toCustomer(rows[0]);
}

export async function updateCustomer(
  db: Executor,
  { id, name, retrySchedule }: Pick<Customer, 'id' | 'name' | 'retrySchedule'>,
): Promise<Customer> {
  const { rows } = await db.query<Row>({
    text: `update customers set name = $2, retry_schedule = $3, modified_at = now() where id = $1 returning ${COLUMNS}`,
    values: [id, name, retrySchedule],
  });
  return toCustomer(rows[0]!);
}
