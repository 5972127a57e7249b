import { encodeId } from '../domain/ids';
import type { Format, HttpMethod, SubscriptionStatus } from '../domain/types';
import type { Sealed } from './crypto';

/** What an attempt needs of its subscription, as it is now: attempts are fresh. */
export interface DeliverySubscription {
  id: string;
  status: SubscriptionStatus;
  customerId: string;
  url: string;
  method: HttpMethod;
  headers: Record<string, string>;
  format: Format;
  timeoutSeconds: number;
  rateLimited: boolean;
  slow: boolean;
  /** Newest first; the current one and, during a rotation, the one before. */
  secrets: Sealed[];
}

/** A row of a statement that selects `DELIVERY_SUBSCRIPTION_COLUMNS`; all null where there is no subscription. */
export interface DeliverySubscriptionRow {
  subscription_id: string;
  customer_id: string;
  subscription_status: SubscriptionStatus | null;
  url: string;
  method: HttpMethod;
  headers: Record<string, string>;
  format: Format;
  timeout_seconds: number;
  rate_limited: boolean;
  slow: boolean | null;
  ciphertexts: Buffer[] | null;
  key_ids: string[] | null;
}

/** Selected both by the accept, for head starts, and by later attempts; `subscription_id` and `customer_id` come from the notification. */
export const DELIVERY_SUBSCRIPTION_COLUMNS = `s.status as subscription_status, s.url, s.method, s.headers, s.format, s.timeout_seconds,
  s.rate_limit_per_second is not null as rate_limited, s.slow_until > now() as slow, k.ciphertexts, k.key_ids`;

/** Joins the live secrets `k` to `subscription_states s`. */
export const SECRETS_JOIN = `left join lateral (
  select array_agg(ciphertext order by newest desc, created_at desc) as ciphertexts, array_agg(key_id order by newest desc, created_at desc) as key_ids
  from (select *, expires_at is null as newest from subscription_secrets where subscription_id = s.id and (expires_at is null or expires_at > now())) live
) k on true`;

/** @returns `null` where the subscription was deleted */
export function toDeliverySubscription(row: DeliverySubscriptionRow): DeliverySubscription | null {
  if (row.subscription_status === null) return null;
  return {
    id: encodeId('sub', row.subscription_id),
    status: row.subscription_status,
    customerId: row.customer_id,
    url: row.url,
    method: row.method,
    headers: row.headers,
    format: row.format,
    timeoutSeconds: row.timeout_seconds,
    rateLimited: row.rate_limited,
    slow: row.slow ?? false,
    secrets: (row.ciphertexts ?? []).map((ciphertext, index) => ({ ciphertext, keyId: row.key_ids![index]! })),
  };
}
