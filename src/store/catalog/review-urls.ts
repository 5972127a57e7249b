import { encodeId } from '../../domain/ids';
import type { UrlPattern } from '../../domain/url-pattern';
import type { Executor } from '../db/database';
import { areUrlsApproved, lockAllowlist, matches } from './allowlist';
import { requestApproval, withdrawRequests } from './allowlist-requests';

interface UrlRow {
  id: string;
  customer_id: string;
  product_id: string | null;
  url: string;
  token_url: string | null;
  url_approved: boolean;
}

const PAGE = 500;

/**
 * Checks the URLs of the subscriptions that a changed pattern may affect, and stores whether each
 * is approved. One that no longer is files a request.
 *
 * @param by - who changed the allow-list
 * @returns the ids of the subscriptions whose URL became approved
 */
export async function reviewUrls(
  db: Executor,
  allowed: readonly UrlPattern[],
  by: string,
  only: { pattern?: string; customerId?: string | null } = {},
): Promise<string[]> {
  const newlyApproved: string[] = [];
  for (let after: string | null = null; ;) {
    const { rows }: { rows: UrlRow[] } = await db.query<UrlRow>({
      text: `select s.id, s.customer_id, coalesce(s.product_id, c.product_id) as product_id, s.url, s.token_url, s.url_approved
             from subscriptions s join customers c on c.id = s.customer_id
             where s.deleted_at is null and ($1::uuid is null or s.id > $1) and ($2::text is null or s.customer_id = $2)
             order by s.id limit ${PAGE}`,
      values: [after, only.customerId ?? null],
    });
    for (const row of rows) {
      const urls = row.token_url === null ? [row.url] : [row.url, row.token_url];
      if (only.pattern !== undefined && !urls.some((url) => matches(only.pattern!, url))) continue;
      const owner = { customerId: row.customer_id, productId: row.product_id };
      const approved = await areUrlsApproved(db, allowed, urls, owner);
      if (approved === row.url_approved) continue;
      await db.query({
        text: 'update subscriptions set url_approved = $2, modified_at = now() where id = $1',
        values: [row.id, approved],
      });
      if (approved) newlyApproved.push(encodeId('sub', row.id));
      else await requestApproval(db, allowed, urls, owner, by);
    }
    if (rows.length < PAGE) return newlyApproved;
    after = rows.at(-1)!.id;
  }
}

const SETTING = 'allowed-urls';

/**
 * Checks the URLs of all subscriptions if the patterns in the configuration have changed since the
 * last start. Call it in a transaction, so that a crash does not store the new patterns without the
 * checks.
 *
 * @returns the ids of the subscriptions whose URL became approved
 */
export async function reconcileAllowedUrls(db: Executor, allowed: readonly UrlPattern[]): Promise<string[]> {
  await lockAllowlist(db, 'alone');
  const { rowCount } = await db.query({
    text: `insert into installation as i (name, value) values ($1, $2)
           on conflict (name) do update set value = excluded.value where i.value <> excluded.value returning true`,
    values: [SETTING, JSON.stringify(allowed)],
  });
  if (rowCount === 0) return [];
  const approved = await reviewUrls(db, allowed, 'the configuration');
  await withdrawRequests(db);
  return approved;
}
