import type { BodyEncryption } from '../../domain/body-encryption';
import { patternRegex } from '../../domain/event-type-pattern';
import type { Transform } from '../../domain/composing';
import { decodeId, encodeId, newUuid } from '../../domain/ids';
import type { RetrySchedule } from '../../domain/retry-schedule';
import { tokenUrlOf, type PrivateSettings } from '../../domain/private-settings';
import type { Format, HttpMethod, OutOfOrderRule, Scope, Subscription, SubscriptionStatus } from '../../domain/types';
import { stringifyLossless, LosslessJson } from '../../domain/lossless-json';
import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';
import { sealPrivateSettings, storedPrivateSettingsOf, type PrivateSettingsRow } from './private-settings';

export interface Row extends PrivateSettingsRow {
  id: string;
  customer_id: string;
  product_id: string | null;
  name: string;
  description: string;
  url: string;
  method: HttpMethod;
  enabled: boolean;
  status: SubscriptionStatus;
  event_types: string[];
  channels: string[];
  encryption: BodyEncryption | null;
  format: Format;
  /** JSON text. */
  custom_data: string;
  transform: Transform | null;
  retry_schedule: number[] | null;
  timeout_seconds: number;
  rate_limit_per_second: number | null;
  verification_status: Subscription['verification']['status'];
  verification_at: Date | null;
  out_of_order_after_seconds: number | null;
  out_of_order_min_failures: number | null;
  out_of_order_at: Date | null;
  out_of_order_reason: string | null;
  created_at: Date;
  modified_at: Date;
}

export const COLUMNS = `s.id, s.customer_id, s.product_id, s.name, s.description, s.url, s.method, s.enabled, s.status, s.event_types, s.channels, s.headers, s.private_settings, s.private_settings_sealed_by, s.encryption, s.format,
  s.custom_data::text as custom_data, s.transform, s.retry_schedule, s.timeout_seconds, s.rate_limit_per_second, s.verification_status, s.verification_at, s.out_of_order_after_seconds,
  s.out_of_order_min_failures, s.out_of_order_at,
  s.out_of_order_reason, s.created_at, s.modified_at`;
/**
 * A product sees the subscriptions that are bound to it, and the unbound ones of its own customers.
 * $1 are the products, $2 is the customer.
 */
export const IN_SCOPE = `($1::text[] is null or s.product_id = any ($1) or (s.product_id is null and s.customer_product_id = any ($1))) and ($2::text is null or s.customer_id = $2)`;

export function toSubscription(row: Row): Subscription {
  return {
    id: encodeId('sub', row.id),
    customerId: row.customer_id,
    productId: row.product_id,
    name: row.name,
    description: row.description,
    url: row.url,
    method: row.method,
    enabled: row.enabled,
    status: row.status,
    eventTypes: row.event_types,
    channels: row.channels,
    privateSettings: storedPrivateSettingsOf(row),
    encryption: row.encryption,
    format: row.format,
    customData: new LosslessJson(row.custom_data),
    transform: row.transform,
    retrySchedule: row.retry_schedule,
    timeoutSeconds: row.timeout_seconds,
    rateLimitPerSecond: row.rate_limit_per_second,
    verification: { status: row.verification_status, at: row.verification_at },
    outOfOrderRule: ruleOf(row),
    outOfOrder: row.out_of_order_at && { at: row.out_of_order_at, reason: row.out_of_order_reason ?? '' },
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

function ruleOf(row: Pick<Row, 'out_of_order_after_seconds' | 'out_of_order_min_failures'>): OutOfOrderRule | null {
  const { out_of_order_after_seconds: afterSeconds, out_of_order_min_failures: minFailures } = row;
  return afterSeconds === null || minFailures === null ? null : { afterSeconds, minFailures };
}

/** The settings that a caller may change. */
export interface SubscriptionSettings extends PrivateSettings {
  name: string;
  description: string;
  url: string;
  method: HttpMethod;
  enabled: boolean;
  eventTypes: string[];
  channels: string[];
  encryption: BodyEncryption | null;
  format: Format;
  customData: Record<string, unknown> | LosslessJson;
  transform: Transform | null;
  retrySchedule: RetrySchedule | null;
  timeoutSeconds: number;
  rateLimitPerSecond: number | null;
  outOfOrderRule: OutOfOrderRule | null;
}

/**
 * @throws a unique violation of `subscriptions_name` if the customer has a subscription with this
 *   name
 */
export async function insertSubscription(
  db: Executor,
  sealer: Sealer,
  owner: { customerId: string; productId: string | null },
  settings: SubscriptionSettings,
  urlApproved: boolean,
): Promise<Subscription> {
  const uuid = newUuid();
  const id = encodeId('sub', uuid);
  await db.query({
    text: `insert into subscriptions (id, customer_id, product_id, url_approved, name, description, url, method, enabled, event_types, event_type_regex, channels,
             private_settings, private_settings_sealed_by, token_url, format, custom_data, retry_schedule, timeout_seconds, rate_limit_per_second, transform,
             out_of_order_after_seconds, out_of_order_min_failures, encryption)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`,
    values: [uuid, owner.customerId, owner.productId, urlApproved, ...valuesOf(sealer, id, settings)],
  });
  return (await findSubscription(db, id, {}))!;
}

/**
 * Replaces the settings. A changed URL has to be verified again.
 *
 * @param receiverChanged - whether the URL, the method, the headers, the authentication or the TLS
 *   credentials change: results of before no longer count
 * @throws like `insertSubscription`
 */
export async function updateSubscription(
  db: Executor,
  sealer: Sealer,
  id: string,
  settings: SubscriptionSettings,
  { urlApproved, receiverChanged }: { urlApproved: boolean; receiverChanged: boolean },
): Promise<Subscription> {
  await db.query({
    text: `update subscriptions set url_approved = $2,
             verification_status = case when url = $5 then verification_status else 'unverified' end,
             verification_at = case when url = $5 then verification_at end,
             name = $3, description = $4, url = $5, method = $6, enabled = $7, event_types = $8, event_type_regex = $9, channels = $10,
             headers = '{}', private_settings = $11, private_settings_sealed_by = $12, token_url = $13,
             format = $14, custom_data = $15, retry_schedule = $16, timeout_seconds = $17, rate_limit_per_second = $18, transform = $19,
             out_of_order_after_seconds = $20, out_of_order_min_failures = $21, encryption = $22, modified_at = now(),
             receiver_revision = case when $23 then receiver_revision + 1 else receiver_revision end,
             failure_period = case when $23 or $7 and not enabled then failure_period + 1 else failure_period end,
             slow_until = case when not $23 then slow_until end
           where id = $1`,
    values: [decodeId('sub', id), urlApproved, ...valuesOf(sealer, id, settings), receiverChanged],
  });
  return (await findSubscription(db, id, {}))!;
}

function valuesOf(sealer: Sealer, id: string, settings: SubscriptionSettings): unknown[] {
  const sealed = sealPrivateSettings(sealer, id, settings);
  return [
    settings.name,
    settings.description,
    settings.url,
    settings.method,
    settings.enabled,
    settings.eventTypes,
    patternRegex(settings.eventTypes),
    settings.channels,
    sealed?.ciphertext ?? null,
    sealed?.keyId ?? null,
    tokenUrlOf(settings.auth) ?? null,
    settings.format,
    stringifyLossless(settings.customData),
    settings.retrySchedule,
    settings.timeoutSeconds,
    settings.rateLimitPerSecond,
    settings.transform && JSON.stringify(settings.transform),
    settings.outOfOrderRule?.afterSeconds ?? null,
    settings.outOfOrderRule?.minFailures ?? null,
    settings.encryption && JSON.stringify(settings.encryption),
  ];
}

/** @returns undefined if there is none in scope */
export async function findSubscription(db: Executor, id: string, scope: Scope): Promise<Subscription | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from subscription_states s where ${IN_SCOPE} and s.id = $3`,
    values: [scope.productIds ?? null, scope.customerId ?? null, decodeId('sub', id) ?? null],
  });
  return rows[0] && toSubscription(rows[0]);
}

/**
 * Finds a subscription and locks it until the end of the transaction, so that no change is lost.
 *
 * @returns undefined if there is none in scope
 */
export async function lockSubscription(db: Executor, id: string, scope: Scope): Promise<Subscription | undefined> {
  // The lock needs its own statement: a statement that waits for a lock reads the values from
  // before the wait.
  await db.query({
    text: 'select from subscriptions where id = $1 and deleted_at is null for no key update',
    values: [decodeId('sub', id) ?? null],
  });
  return findSubscription(db, id, scope);
}

/**
 * Locks a customer's subscriptions until the end of the transaction, so that two calls that set
 * them up do not mix.
 */
export async function lockSubscriptionsOf(db: Executor, customerId: string, scope: Scope): Promise<Subscription[]> {
  await db.query({ text: 'select from customers where id = $1 for no key update', values: [customerId] });
  await db.query({
    text: 'select from subscriptions where customer_id = $1 and deleted_at is null order by id for no key update',
    values: [customerId],
  });
  return findSubscriptionsOf(db, customerId, scope);
}

/** Lists a customer's subscriptions in scope, oldest first. */
export async function findSubscriptionsOf(db: Executor, customerId: string, scope: Scope): Promise<Subscription[]> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from subscription_states s where ${IN_SCOPE} and s.customer_id = $3 order by s.id`,
    values: [scope.productIds ?? null, scope.customerId ?? null, customerId],
  });
  return rows.map(toSubscription);
}

/**
 * Enables or disables a subscription that the caller has locked. Enabling also ends `out-of-order`,
 * and resets what the out-of-order rule counts.
 */
export async function setEnabled(db: Executor, id: string, enabled: boolean): Promise<Subscription> {
  await db.query({
    text: `update subscriptions set enabled = $2, out_of_order_at = case when $2 then null else out_of_order_at end,
             out_of_order_reason = case when $2 then null else out_of_order_reason end, modified_at = now(),
             failure_period = case when $2 then failure_period + 1 else failure_period end
           where id = $1 and deleted_at is null`,
    values: [decodeId('sub', id), enabled],
  });
  return (await findSubscription(db, id, {}))!;
}

/** @returns the receiver revision; undefined if the URL or the token URL is not approved */
export async function findApprovedReceiver(db: Executor, id: string): Promise<number | undefined> {
  const { rows } = await db.query<{ receiver_revision: number }>({
    text: 'select receiver_revision from subscriptions where id = $1 and url_approved and deleted_at is null',
    values: [decodeId('sub', id)],
  });
  return rows[0]?.receiver_revision;
}

/** Stores the result of a challenge, unless the subscription's URL or access has changed since. */
export async function setVerification(
  db: Executor,
  id: string,
  receiverRevision: number,
  status: 'verified' | 'failed',
): Promise<void> {
  await db.query({
    text: 'update subscriptions set verification_status = $3, verification_at = now() where id = $1 and receiver_revision = $2',
    values: [decodeId('sub', id), receiverRevision, status],
  });
}

/**
 * Deletes a subscription with its secrets, its keys and everything that may hold a credential. Its
 * notifications stay; the settlement cancels the open ones.
 */
export async function deleteSubscription(db: Executor, id: string): Promise<void> {
  const uuid = decodeId('sub', id);
  await db.query({
    text: `update subscriptions set deleted_at = now(), rescheduling_since = null, signing_key = null, old_signing_key = null,
             headers = '{}', private_settings = null, private_settings_sealed_by = null, token_url = null, encryption = null, custom_data = '{}', transform = null
           where id = $1 and deleted_at is null`,
    values: [uuid],
  });
  await db.query({ text: 'delete from subscription_secrets where subscription_id = $1', values: [uuid] });
}
