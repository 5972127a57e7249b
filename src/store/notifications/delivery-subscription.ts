import type { BodyEncryption } from '../../domain/body-encryption';
import type { ServiceDefinition, Transform } from '../../domain/composing';
import { decodeId, encodeId } from '../../domain/ids';
import type { StoredPrivateSettings } from '../../domain/private-settings';
import type { RetrySchedule } from '../../domain/retry-schedule';
import type { Sealed } from '../../domain/sealed';
import type { Format, HttpMethod, SubscriptionStatus } from '../../domain/types';
import type { Executor } from '../db/database';
import { storedPrivateSettingsOf, type PrivateSettingsRow } from '../subscriptions/private-settings';

/**
 * What an attempt needs of its subscription. Each attempt reads it again, so changes take effect
 * immediately.
 */
export interface DeliverySubscription {
  id: string;
  /**
   * Changes with every change of the subscription or its secrets. It does not change with
   * `definition`, or when a period ends (`slow`, the overlap of a rotation).
   */
  revision: number;
  /** Changes with the URL, the method and the access. A slow mark holds for one value. */
  receiverRevision: number;
  /**
   * Changes with the receiver revision, and when the subscription is enabled. What receivers answer
   * to attempts of an earlier period says nothing about this one.
   */
  failurePeriod: number;
  status: SubscriptionStatus;
  customerId: string;
  url: string;
  method: HttpMethod;
  /** Sealed. An attempt opens them once for each revision. */
  privateSettings: StoredPrivateSettings;
  /** Null: the body is sent in the clear. */
  encryption: BodyEncryption | null;
  format: Format;
  /** Set if the subscription is bound to one product. */
  productId: string | null;
  name: string;
  /** JSON text of an object. */
  customData: string;
  transform: Transform | null;
  /** The definition of the event's type. */
  definition: ServiceDefinition | null;
  /** Read for format `trigger` only, whose body contains them. */
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  timeoutSeconds: number;
  /** Its own, or else that of its customer. */
  retrySchedule: RetrySchedule;
  /** Maximum number of attempts per second; null for no limit. */
  rateLimitPerSecond: number | null;
  slow: boolean;
  /** Newest first: the current one and, during the overlap of a rotation, the previous one. */
  secrets: Sealed[];
  /** Whether the receiver was given the current secret, so that format `flat` contains it. */
  sharesSecret: boolean;
  /** Private keys, newest first, in the same way as the secrets; empty without a key pair. */
  signingKeys: Sealed[];
}

/**
 * A row of a statement that selects `deliverySubscriptionColumns`; all null if the subscription was
 * deleted.
 */
export interface DeliverySubscriptionRow extends PrivateSettingsRow {
  subscription_id: string;
  customer_id: string;
  revision: number;
  receiver_revision: number;
  failure_period: number;
  subscription_status: SubscriptionStatus | null;
  url: string;
  method: HttpMethod;
  encryption: BodyEncryption | null;
  format: Format;
  subscription_product_id: string | null;
  name: string;
  custom_data: string;
  transform: Transform | null;
  definition: ServiceDefinition | null;
  last_success_at: Date | null;
  last_failure_at: Date | null;
  timeout_seconds: number;
  subscription_retry_schedule: number[];
  rate_limit_per_second: number | null;
  slow: boolean | null;
  ciphertexts: Buffer[] | null;
  key_ids: string[] | null;
  shares_secret: boolean | null;
  signing_key: Buffer | null;
  signing_key_sealed_by: string | null;
  /** Null after the overlap as well. */
  old_signing_key: Buffer | null;
  old_signing_key_sealed_by: string | null;
}

/**
 * Columns that an attempt needs of its subscription. `subscription_id` and `customer_id` come from
 * the notification.
 *
 * @param s - a row of `subscription_states`: an alias, or a composite value in parentheses
 */
export function deliverySubscriptionColumns(s: string): string {
  return `${s}.status as subscription_status, ${s}.revision, ${s}.receiver_revision, ${s}.failure_period, ${s}.url, ${s}.method, ${s}.headers, ${s}.private_settings, ${s}.private_settings_sealed_by, ${s}.encryption, ${s}.format, ${s}.timeout_seconds,
  ${s}.product_id as subscription_product_id, ${s}.name, ${s}.custom_data::text as custom_data, ${s}.transform, d.definition, t.last_success_at, t.last_failure_at,
  coalesce(${s}.retry_schedule, ${s}.customer_retry_schedule) as subscription_retry_schedule, ${s}.rate_limit_per_second, ${s}.slow_until > now() as slow, k.ciphertexts, k.key_ids, k.shares_secret,
  ${s}.signing_key, ${s}.signing_key_sealed_by, ${s}.old_signing_key_sealed_by,
  case when ${s}.old_signing_key_until > now() then ${s}.old_signing_key end as old_signing_key`;
}

/**
 * Joins for these columns: the secrets `k` that are valid now, the statistics `t` for format
 * `trigger`, and the service definition `d` of the event's type.
 *
 * @param type - SQL expression of the type's name
 */
export function deliverySubscriptionJoins(s: string, type: string): string {
  return `left join service_definitions d on d.event_type = ${type}
left join subscription_attempt_statistics t on ${s}.format = 'trigger' and t.subscription_id = ${s}.id
left join lateral (
  select array_agg(ciphertext order by newest desc, created_at desc) as ciphertexts, array_agg(key_id order by newest desc, created_at desc) as key_ids, bool_or(chosen) filter (where newest) as shares_secret
  from (select *, expires_at is null as newest from subscription_secrets where subscription_id = ${s}.id and (expires_at is null or expires_at > now())) live
) k on true`;
}

/** @returns null if the subscription was deleted */
export function toDeliverySubscription(row: DeliverySubscriptionRow): DeliverySubscription | null {
  if (row.subscription_status === null) return null;
  return {
    id: encodeId('sub', row.subscription_id),
    revision: row.revision,
    receiverRevision: row.receiver_revision,
    failurePeriod: row.failure_period,
    status: row.subscription_status,
    customerId: row.customer_id,
    url: row.url,
    method: row.method,
    privateSettings: storedPrivateSettingsOf(row),
    encryption: row.encryption,
    format: row.format,
    productId: row.subscription_product_id,
    name: row.name,
    customData: row.custom_data,
    transform: row.transform,
    definition: row.definition,
    lastSuccessAt: row.last_success_at,
    lastFailureAt: row.last_failure_at,
    timeoutSeconds: row.timeout_seconds,
    retrySchedule: row.subscription_retry_schedule,
    rateLimitPerSecond: row.rate_limit_per_second,
    slow: row.slow ?? false,
    secrets: (row.ciphertexts ?? []).map((ciphertext, index) => ({ ciphertext, keyId: row.key_ids![index]! })),
    sharesSecret: row.shares_secret ?? false,
    signingKeys: signingKeysOf(row),
  };
}

/** The private keys that sign now, newest first. */
export function signingKeysOf(
  row: Pick<
    DeliverySubscriptionRow,
    'signing_key' | 'signing_key_sealed_by' | 'old_signing_key' | 'old_signing_key_sealed_by'
  >,
): Sealed[] {
  if (row.signing_key === null) return [];
  const current = { ciphertext: row.signing_key, keyId: row.signing_key_sealed_by! };
  return row.old_signing_key === null
    ? [current]
    : [current, { ciphertext: row.old_signing_key, keyId: row.old_signing_key_sealed_by! }];
}

/**
 * Finds a subscription as an attempt for an event of this type would.
 *
 * @returns undefined if it was deleted
 */
export async function findDeliverySubscription(
  db: Executor,
  id: string,
  eventType: string,
): Promise<DeliverySubscription | undefined> {
  const { rows } = await db.query<DeliverySubscriptionRow>({
    text: `select s.id as subscription_id, s.customer_id, ${deliverySubscriptionColumns('s')}
           from subscription_states s ${deliverySubscriptionJoins('s', '$2')} where s.id = $1`,
    values: [decodeId('sub', id), eventType],
  });
  return (rows[0] && toDeliverySubscription(rows[0])) ?? undefined;
}

/** What decides about the next attempt after a failure, beside the failure. */
export type LadderSettings = Pick<DeliverySubscription, 'retrySchedule' | 'failurePeriod'>;

/** @returns undefined if the subscription was deleted */
export async function findLadderSettings(db: Executor, id: string): Promise<LadderSettings | undefined> {
  const { rows } = await db.query<{ schedule: number[]; failure_period: number }>({
    name: 'find-ladder-settings',
    text: `select coalesce(retry_schedule, customer_retry_schedule) as schedule, failure_period from subscription_states where id = $1`,
    values: [decodeId('sub', id)],
  });
  return rows[0] && { retrySchedule: rows[0].schedule, failurePeriod: rows[0].failure_period };
}
