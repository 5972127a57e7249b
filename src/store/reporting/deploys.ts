import type { Deploy } from '../../domain/deploys';
import { decodeId, encodeId, isUuid, newUuid, uuidTime } from '../../domain/ids';
import type { Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { IN_SCOPE as SUBSCRIPTION_IN_SCOPE } from '../subscriptions/subscriptions';

interface Row {
  id: string;
  product_id: string | null;
  customer_id: string | null;
  subscription_id: string | null;
  version: string;
  description: string;
  url: string | null;
  at: Date;
}

const COLUMNS = 'd.id, d.product_id, d.customer_id, d.subscription_id, d.version, d.description, d.url, d.at';
/** $1 are the products, $2 is the customer, who does not see deploys of products. */
const FROM_IN_SCOPE = `from deploys d left join customers c on c.id = d.customer_id
  where (d.customer_id is null or not c.erasing)
    and ($1::text[] is null or coalesce(d.product_id, c.product_id) = any ($1)) and ($2::text is null or d.customer_id = $2)`;

function toDeploy(row: Row): Deploy {
  return {
    id: encodeId('dep', row.id),
    productId: row.product_id,
    customerId: row.customer_id,
    subscriptionId: row.subscription_id && encodeId('sub', row.subscription_id),
    version: row.version,
    description: row.description,
    url: row.url,
    at: row.at,
    createdAt: uuidTime(row.id),
  };
}

const scopeValues = (scope: Scope) => [scope.productIds ?? null, scope.customerId ?? null];

export async function insertDeploy(db: Executor, deploy: Omit<Deploy, 'id' | 'createdAt'>): Promise<Deploy> {
  const { rows } = await db.query<Row>({
    text: `insert into deploys as d (id, product_id, customer_id, subscription_id, version, description, url, at)
           values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${COLUMNS}`,
    values: [
      newUuid(),
      deploy.productId,
      deploy.customerId,
      deploy.subscriptionId && decodeId('sub', deploy.subscriptionId),
      deploy.version,
      deploy.description,
      deploy.url,
      deploy.at,
    ],
  });
  return toDeploy(rows[0]!);
}

/** @returns undefined if there is none in scope */
export async function findDeploy(db: Executor, id: string, scope: Scope): Promise<Deploy | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} ${FROM_IN_SCOPE} and d.id = $3`,
    values: [...scopeValues(scope), decodeId('dep', id) ?? null],
  });
  return rows[0] && toDeploy(rows[0]);
}

/** @returns whether it existed */
export async function deleteDeploy(db: Executor, id: string): Promise<boolean> {
  const { rowCount } = await db.query({ text: 'delete from deploys where id = $1', values: [decodeId('dep', id)] });
  return rowCount === 1;
}

/** Filters a list of deploys. An absent field does not filter. */
export interface DeployFilter {
  productIds?: readonly string[];
  customerId?: string;
  /** Deploys that concern this subscription: its own, its customer's and its product's. */
  subscriptionId?: string;
  since?: Date;
  until?: Date;
}

/** Deploys that concern the subscription $8 of the customer $9 and the product $10. */
const CONCERNS = `(d.customer_id = $9 and (d.subscription_id = $8
      or (d.subscription_id is null and (d.product_id is null or $10::text is null or d.product_id = $10)))
    or (d.customer_id is null and d.product_id = $10))`;

/** Lists deploys, newest first. */
export async function listDeploys(
  db: Executor,
  scope: Scope,
  filter: DeployFilter,
  page: PageRequest,
): Promise<Page<Deploy>> {
  const subject = await findSubject(db, scope, filter.subscriptionId);
  if (filter.subscriptionId !== undefined && !subject) return { items: [], nextCursor: null };
  const after = page.after === undefined ? undefined : parseKey(page.after);
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} ${FROM_IN_SCOPE}
             and ($3::text[] is null or coalesce(d.product_id, c.product_id) = any ($3)) and ($4::text is null or d.customer_id = $4)
             and ($5::timestamptz is null or d.at >= $5) and ($6::timestamptz is null or d.at < $6)
             and ($8::uuid is null or ${CONCERNS})
             and ($11::timestamptz is null or (d.at, d.id) < ($11, $12::uuid))
           order by d.at desc, d.id desc limit $7`,
    values: [
      ...scopeValues(scope),
      filter.productIds ?? null,
      filter.customerId ?? null,
      filter.since ?? null,
      filter.until ?? null,
      page.limit + 1,
      subject?.id ?? null,
      subject?.customer_id ?? null,
      subject?.product_id ?? null,
      after?.at ?? null,
      after?.id ?? null,
    ],
  });
  return toPage(rows, page, toDeploy, ({ at, id }) => `${at.getTime()}/${id}`);
}

interface Subject {
  id: string;
  customer_id: string;
  product_id: string | null;
}

/** Read first, because Postgres uses the indexes of deploys only for values that it knows. */
async function findSubject(db: Executor, scope: Scope, id: string | undefined): Promise<Subject | undefined> {
  if (id === undefined) return undefined;
  const { rows } = await db.query<Subject>({
    text: `select s.id, s.customer_id, coalesce(s.product_id, s.customer_product_id) as product_id
           from subscription_states s where ${SUBSCRIPTION_IN_SCOPE} and s.id = $3`,
    values: [...scopeValues(scope), decodeId('sub', id) ?? null],
  });
  return rows[0];
}

const KEY = /^(-?\d{1,15})\/(.{36})$/;

function parseKey(key: string): { at: Date; id: string } | undefined {
  const [, ms, id] = KEY.exec(key) ?? [];
  return id !== undefined && isUuid(id) ? { at: new Date(Number(ms)), id } : undefined;
}

/** Whether a decoded cursor is a position in a list of deploys. */
export const isDeployKey = (key: string): boolean => parseKey(key) !== undefined;
