import type { UrlPattern } from '../../domain/url-pattern';
import { areUrlsApproved, type UrlOwner } from '../../store/catalog/allowlist';
import { requestApproval, withdrawRequests } from '../../store/catalog/allowlist-requests';
import type { Context } from '../http/route';

type Call = Pick<Context, 'db' | 'principal' | 'audit'>;

/**
 * Whether the URLs of a subscription are on the allow-list. If not, a request is filed for each of
 * those that no entry covers.
 */
export async function approvedOrRequested(
  { db, principal, audit }: Call,
  allowed: readonly UrlPattern[],
  urls: readonly string[],
  owner: UrlOwner,
): Promise<boolean> {
  if (await areUrlsApproved(db, allowed, urls, owner)) return true;
  for (const { id, pattern, status } of await requestApproval(db, allowed, urls, owner, principal.name))
    await audit('allowlist.create', id, { ...owner, detail: { pattern, status } });
  return false;
}

/**
 * Withdraws requests that were filed for subscriptions, once none waits for them any more.
 *
 * @param customerId - only those for this customer; absent: all
 */
export async function withdrawIdleRequests({ db, audit }: Omit<Call, 'principal'>, customerId?: string): Promise<void> {
  for (const { id, pattern, ...owner } of await withdrawRequests(db, customerId))
    await audit('allowlist.delete', id, { ...owner, detail: { pattern, status: 'requested' } });
}
