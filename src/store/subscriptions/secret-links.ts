import { decodeId, encodeId } from '../../domain/ids';
import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';

/** Retention of expired links, in days, so that opening one can explain why it fails. */
const KEEP_DAYS = 30;

/** The content of a secret link. */
export interface OpenedLink {
  subscriptionId: string;
  subscriptionName: string;
  customerId: string;
  /** The product whose audit records the opening. */
  productId: string | null;
  url: string;
  secret: string;
}

/**
 * Creates a link to a subscription's current secret.
 *
 * @param tokenHash - SHA-256 of the token in the link
 * @returns when the link expires
 */
export async function insertSecretLink(
  db: Executor,
  subscriptionId: string,
  tokenHash: Buffer,
  expiresInSeconds: number,
): Promise<Date> {
  await db.query({
    text: 'delete from secret_links where expires_at < now() - make_interval(days => $1)',
    values: [KEEP_DAYS],
  });
  const { rows } = await db.query<{ expires_at: Date }>({
    text: `insert into secret_links (token_hash, secret_id, expires_at)
           select $1, id, now() + make_interval(secs => $3) from subscription_secrets where subscription_id = $2 and expires_at is null
           returning expires_at`,
    values: [tokenHash, decodeId('sub', subscriptionId), expiresInSeconds],
  });
  return rows[0]!.expires_at;
}

/**
 * Opens a link, which works once even if it is opened concurrently.
 *
 * @returns undefined if it cannot be opened
 */
export async function openSecretLink(db: Executor, sealer: Sealer, tokenHash: Buffer): Promise<OpenedLink | undefined> {
  const { rows } = await db.query<{
    id: string;
    name: string;
    customer_id: string;
    product_id: string | null;
    url: string;
    ciphertext: Buffer;
    key_id: string;
  }>({
    text: `update secret_links l set opened_at = now()
           from subscription_secrets x join subscriptions s on s.id = x.subscription_id join customers c on c.id = s.customer_id
           where l.token_hash = $1 and l.opened_at is null and l.expires_at > now()
             and x.id = l.secret_id and x.expires_at is null and s.deleted_at is null
           returning s.id, s.name, s.customer_id, coalesce(s.product_id, c.product_id) as product_id, s.url, x.ciphertext, x.key_id`,
    values: [tokenHash],
  });
  const row = rows[0];
  if (!row) return undefined;
  const subscriptionId = encodeId('sub', row.id);
  return {
    subscriptionId,
    subscriptionName: row.name,
    customerId: row.customer_id,
    productId: row.product_id,
    url: row.url,
    secret: sealer.open({ ciphertext: row.ciphertext, keyId: row.key_id }, subscriptionId),
  };
}
