import { decodeId, encodeId } from '../../domain/ids';
import { inboxTokenOf, type PlayInbox } from '../../domain/play';
import type { SigningSecrets } from '../../domain/verify-signature';
import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';
import { windowOf } from '../db/windows';
import { currentSecrets } from '../subscriptions/secrets';
import { privateSigningKeys } from '../subscriptions/signing-keys';

/** More subscriptions with one URL are not checked. */
const MAX_SIGNERS = 5;

/** A subscription that delivers to an inbox, with what it signs with. */
export interface Signer extends SigningSecrets {
  subscriptionId: string;
}

/**
 * Finds the subscriptions of an inbox's customer that have its URL. An inbox of a product belongs
 * to the subscriptions of that product only, because its readers see their names.
 */
export async function findSigners(
  db: Executor,
  sealer: Sealer,
  { token, customerId, productId }: PlayInbox,
): Promise<Signer[]> {
  const { rows } = await db.query<{ id: string; name: string; url: string }>({
    text: `select s.id, s.name, s.url from subscriptions s join customers c on c.id = s.customer_id
           where s.customer_id = $1 and s.deleted_at is null and position($2 in s.url) > 0
             and (coalesce($3, c.product_id) is null or coalesce(s.product_id, c.product_id) = coalesce($3, c.product_id))
           order by s.id desc limit ${MAX_SIGNERS}`,
    values: [customerId, token, productId],
  });
  const signers: Signer[] = [];
  for (const { id, name } of rows.filter((row) => inboxTokenOf(new URL(row.url).pathname) === token)) {
    const subscriptionId = encodeId('sub', id);
    const secrets = (await currentSecrets(db, sealer, subscriptionId)).map(({ secret }) => secret);
    const privateKeys = await privateSigningKeys(db, sealer, subscriptionId);
    signers.push({ subscriptionId, name, secrets, privateKeys });
  }
  return signers;
}

/**
 * Reads the secrets of the subscription that a delivery of this service is from. It may be another
 * customer's, or one of too many with the URL of the inbox.
 *
 * @param notificationId - as the delivery names it; without one, no secret is known
 */
export async function secretsOfSender(
  db: Executor,
  sealer: Sealer,
  notificationId: string | string[] | undefined,
): Promise<string[]> {
  const uuid = typeof notificationId === 'string' ? decodeId('ntf', notificationId) : undefined;
  if (uuid === undefined) return [];
  const { rows } = await db.query<{ subscription_id: string }>({
    text: `select subscription_id from notifications where id = $1 and ${windowOf(uuid).has('id')}`,
    values: [uuid],
  });
  const sender = rows[0];
  if (!sender) return [];
  return (await currentSecrets(db, sealer, encodeId('sub', sender.subscription_id))).map(({ secret }) => secret);
}
