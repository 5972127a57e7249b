import { decodeId, encodeId, newUuid } from '../../domain/ids';
import { IDLE_INBOX_DAYS, newInboxToken, type PlayAnswer, type PlayInbox } from '../../domain/play';
import type { Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

interface Row {
  id: string;
  token: string;
  customer_id: string;
  product_id: string | null;
  name: string;
  response_status: number;
  delay_seconds: number;
  response_body: string;
  created_at: Date;
  modified_at: Date;
  expires_at: Date;
}

const COLUMNS =
  'i.id, i.token, i.customer_id, i.product_id, i.name, i.response_status, i.delay_seconds, i.response_body, i.created_at, i.modified_at, i.expires_at';
const EXPIRY = `now() + make_interval(days => ${IDLE_INBOX_DAYS})`;
/** As with subscriptions. $1 are the products, $2 is the customer. */
const IN_SCOPE = `i.expires_at > now()
  and ($1::text[] is null or coalesce(i.product_id, (select c.product_id from customers c where c.id = i.customer_id)) = any ($1))
  and ($2::text is null or i.customer_id = $2)`;

function toInbox(row: Row): PlayInbox {
  return {
    id: encodeId('pin', row.id),
    token: row.token,
    customerId: row.customer_id,
    productId: row.product_id,
    name: row.name,
    answer: { status: row.response_status, delaySeconds: row.delay_seconds, body: row.response_body },
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
    expiresAt: row.expires_at,
  };
}

const scopeValues = (scope: Scope) => [scope.productIds ?? null, scope.customerId ?? null];

/** Creates an inbox with a new token. */
export async function insertInbox(
  db: Executor,
  owner: { customerId: string; productId: string | null },
  name: string,
  { status, delaySeconds, body }: PlayAnswer,
): Promise<PlayInbox> {
  const { rows } = await db.query<Row>({
    text: `insert into play_inboxes as i (id, token, customer_id, product_id, name, response_status, delay_seconds, response_body, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, ${EXPIRY}) returning ${COLUMNS}`,
    values: [newUuid(), newInboxToken(), owner.customerId, owner.productId, name, status, delaySeconds, body],
  });
  return toInbox(rows[0]!);
}

/** @returns undefined if there is none in scope */
export async function findInbox(db: Executor, id: string, scope: Scope): Promise<PlayInbox | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from play_inboxes i where ${IN_SCOPE} and i.id = $3`,
    values: [...scopeValues(scope), decodeId('pin', id) ?? null],
  });
  return rows[0] && toInbox(rows[0]);
}

/** Finds an inbox and locks it until the end of the transaction. */
export async function lockInbox(db: Executor, id: string, scope: Scope): Promise<PlayInbox | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from play_inboxes i where ${IN_SCOPE} and i.id = $3 for no key update of i`,
    values: [...scopeValues(scope), decodeId('pin', id) ?? null],
  });
  return rows[0] && toInbox(rows[0]);
}

/** Finds the inbox that requests with a token are for. */
export async function findInboxByToken(db: Executor, token: string): Promise<PlayInbox | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from play_inboxes i where i.token = $1 and i.expires_at > now()`,
    values: [token],
  });
  return rows[0] && toInbox(rows[0]);
}

/** Lists inboxes, newest first. */
export async function listInboxes(
  db: Executor,
  scope: Scope,
  filter: { customerId?: string },
  page: PageRequest,
): Promise<Page<PlayInbox>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from play_inboxes i
           where ${IN_SCOPE} and ($3::text is null or i.customer_id = $3) and ($4::uuid is null or i.id < $4)
           order by i.id desc limit $5`,
    values: [...scopeValues(scope), filter.customerId ?? null, page.after ?? null, page.limit + 1],
  });
  return toPage(rows, page, toInbox, (row) => row.id);
}

/** Changes the name and the answer, and keeps the inbox for longer. */
export async function updateInbox(
  db: Executor,
  id: string,
  { name, answer }: Pick<PlayInbox, 'name' | 'answer'>,
): Promise<PlayInbox> {
  const { rows } = await db.query<Row>({
    text: `update play_inboxes i set name = $2, response_status = $3, delay_seconds = $4, response_body = $5, modified_at = now(), expires_at = ${EXPIRY}
           where i.id = $1 returning ${COLUMNS}`,
    values: [decodeId('pin', id), name, answer.status, answer.delaySeconds, answer.body],
  });
  return toInbox(rows[0]!);
}

/** Deletes an inbox and what it captured. */
export async function deleteInbox(db: Executor, id: string): Promise<void> {
  await db.query({ text: 'delete from play_inboxes where id = $1', values: [decodeId('pin', id)] });
}
