import { decodeId, encodeId, newUuid } from '../../domain/ids';
import type { Principal, Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { findCredentialsOfSegment } from './credentials';

/** A portal session that has not expired, without its token. */
export interface PortalSession {
  id: string;
  customerId: string;
  /** The credential that opened it. */
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
  /** Whether its link opens in one browser only. */
  once: boolean;
  /** When a link that opens once was opened; null if it was not, and for other links. */
  usedAt: Date | null;
  /** Where the portal leads back to. */
  returnUrl: string | null;
}

interface Row {
  id: string;
  customer_id: string;
  created_by: string;
  created_at: Date;
  expires_at: Date;
  once: boolean;
  used_at: Date | null;
  return_url: string | null;
}

function toSession(row: Row): PortalSession {
  return {
    id: encodeId('prt', row.id),
    customerId: row.customer_id,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    once: row.once,
    usedAt: row.used_at,
    returnUrl: row.return_url,
  };
}

/** @returns the id of the session */
export async function insertPortalSession(
  db: Executor,
  session: Pick<PortalSession, 'customerId' | 'createdBy' | 'expiresAt' | 'once' | 'returnUrl'>,
): Promise<string> {
  const uuid = newUuid();
  await db.query({
    text: 'insert into portal_sessions (id, customer_id, created_by, expires_at, once, return_url) values ($1, $2, $3, $4, $5, $6)',
    values: [uuid, session.customerId, session.createdBy, session.expiresAt, session.once, session.returnUrl],
  });
  return encodeId('prt', uuid);
}

/** Finds the principal of a session that has not expired: its customer. */
export async function findPortalPrincipal(
  db: Executor,
  id: string,
): Promise<{ principal: Principal; portal: { once: boolean; returnUrl: string | null } } | undefined> {
  const { rows } = await db.query<Pick<Row, 'customer_id' | 'once' | 'return_url'>>({
    name: 'find-portal-principal',
    text: 'select customer_id, once, return_url from portal_sessions where id = $1 and expires_at > now()',
    values: [decodeId('prt', id) ?? null],
  });
  if (!rows[0]) return undefined;
  const { customer_id: customerId, once, return_url: returnUrl } = rows[0];
  return {
    principal: { id, name: 'portal session', role: 'customer', productId: null, customerId },
    portal: { once, returnUrl },
  };
}

/** Uses up a link that opens once. @returns false if another browser did before */
export async function usePortalLink(db: Executor, id: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: 'update portal_sessions set used_at = now() where id = $1 and once and used_at is null and expires_at > now()',
    values: [decodeId('prt', id) ?? null],
  });
  return rowCount === 1;
}

/**
 * Lists the sessions in scope that have not expired, newest first. A product sees those of its own
 * customers.
 */
export async function listPortalSessions(
  db: Executor,
  scope: Pick<Scope, 'productIds'>,
  filter: { customerId?: string },
  page: PageRequest,
): Promise<Page<PortalSession>> {
  const { rows } = await db.query<Row>({
    text: `select p.id, p.customer_id, p.created_by, p.created_at, p.expires_at, p.once, p.used_at, p.return_url
           from portal_sessions p join customers c on c.id = p.customer_id
           where p.expires_at > now() and ($1::text[] is null or c.product_id = any ($1)) and ($2::text is null or p.customer_id = $2)
             and ($3::uuid is null or p.id < $3)
           order by p.id desc limit $4`,
    values: [scope.productIds ?? null, filter.customerId ?? null, page.after ?? null, page.limit + 1],
  });
  return toPage(rows, page, toSession, (row) => row.id);
}

/** Ends the sessions that a credential created. */
export async function endPortalSessionsOf(db: Executor, createdBy: string): Promise<void> {
  await db.query({
    text: 'update portal_sessions set expires_at = now() where created_by = $1 and expires_at > now()',
    values: [createdBy],
  });
}

/**
 * Ends the sessions that credentials of a segment created for the customers of a product, which
 * leaves the segment.
 *
 * @param segment - null if the product was in none
 */
export async function endPortalSessionsOfSegment(
  db: Executor,
  productId: string,
  segment: string | null,
): Promise<void> {
  if (segment === null) return;
  await db.query({
    text: `update portal_sessions p set expires_at = now() from customers c
           where p.created_by = any ($1) and p.expires_at > now() and c.id = p.customer_id and c.product_id = $2`,
    values: [await findCredentialsOfSegment(db, segment), productId],
  });
}

/**
 * Ends a session.
 *
 * @returns its customer, or undefined if there is no such session in scope or it has expired
 */
export async function endPortalSession(
  db: Executor,
  id: string,
  scope: Pick<Scope, 'productIds'>,
): Promise<string | undefined> {
  const { rows } = await db.query<{ customer_id: string }>({
    text: `delete from portal_sessions p using customers c
           where p.id = $1 and p.expires_at > now() and c.id = p.customer_id and ($2::text[] is null or c.product_id = any ($2))
           returning p.customer_id`,
    values: [decodeId('prt', id) ?? null, scope.productIds ?? null],
  });
  return rows[0]?.customer_id;
}

/**
 * Ends all sessions of a customer.
 *
 * @returns how many, or undefined if there is no such customer in scope
 */
export async function endPortalSessionsOfCustomer(
  db: Executor,
  customerId: string,
  scope: Pick<Scope, 'productIds'>,
): Promise<number | undefined> {
  const { rows } = await db.query<{ ended: number }>({
    text: `with ended as (
             delete from portal_sessions p using customers c
             where p.customer_id = $1 and p.expires_at > now() and c.id = p.customer_id and ($2::text[] is null or c.product_id = any ($2))
             returning p.id)
           select (select count(*)::int from ended) as ended from customers where id = $1 and not erasing and ($2::text[] is null or product_id = any ($2))`,
    values: [customerId, scope.productIds ?? null],
  });
  return rows[0]?.ended;
}

/** Deletes expired sessions. */
export async function deleteExpiredPortalSessions(db: Executor): Promise<void> {
  await db.query({ text: 'delete from portal_sessions where expires_at < now()' });
}
