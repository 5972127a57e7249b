import { randomUUID } from 'node:crypto';
import { patternRegex } from '../../src/domain/event-type-pattern';
import { encodeId, newUuid } from '../../src/domain/ids';
import { generateSecret } from '../../src/domain/signing';
import { acceptEvents } from '../../src/store/notifications/accept';
import { createSealer } from '../../src/store/db/crypto';
import type { Executor } from '../../src/store/db/database';
import type { EventToAccept, AcceptedNotification } from '../../src/domain/acceptance';
import { timestampAt } from '../../src/domain/timestamp';

export const TEST_SEALER = createSealer(Buffer.alloc(32, 7));

/**
 * The usual starting point of a test: one product with one event type, one customer, one
 * subscription.
 */
export interface Seeded {
  productId: string;
  customerId: string;
  eventType: string;
  subscriptionId: string;
  secret: string;
}

export interface SeedOptions {
  url: string;
  retrySchedule?: number[];
  timeoutSeconds?: number;
  enabled?: boolean;
  rateLimitPerSecond?: number;
}

/** Writes a catalog directly into the tables, for tests below the API. */
export async function seed(db: Executor, options: SeedOptions): Promise<Seeded> {
  const tag = randomUUID().slice(0, 8);
  const seeded: Seeded = {
    productId: `product-${tag}`,
    customerId: `customer-${tag}`,
    eventType: `payment.confirmed-${tag}.v1`,
    subscriptionId: '',
    secret: generateSecret(),
  };
  await db.query({
    text: 'insert into products (id, name, enabled) values ($1, $1, true)',
    values: [seeded.productId],
  });
  await db.query({
    text: 'insert into event_types (name, product_id) values ($1, $2)',
    values: [seeded.eventType, seeded.productId],
  });
  await db.query({
    text: "insert into customers (id, name, product_id, retry_schedule) values ($1, $1, $2, coalesce($3::int[], '{30,300,1800,7200}'))",
    values: [seeded.customerId, seeded.productId, options.retrySchedule ?? null],
  });
  seeded.subscriptionId = await seedSubscription(db, seeded, options);
  return seeded;
}

/** Adds a subscription for the seeded customer. @returns its id */
export async function seedSubscription(
  db: Executor,
  seeded: Seeded,
  options: SeedOptions,
  name = 'main',
): Promise<string> {
  const uuid = newUuid();
  const id = encodeId('sub', uuid);
  const eventTypes = [seeded.eventType];
  await db.query({
    text: `insert into subscriptions (id, customer_id, product_id, name, url, url_approved, event_types, event_type_regex, timeout_seconds, enabled, rate_limit_per_second)
           values ($1, $2, $3, $4, $5, true, $6, $7, $8, $9, $10)`,
    values: [
      uuid,
      seeded.customerId,
      seeded.productId,
      name,
      options.url,
      eventTypes,
      patternRegex(eventTypes),
      options.timeoutSeconds ?? 5,
      options.enabled ?? true,
      options.rateLimitPerSecond ?? null,
    ],
  });
  const sealed = TEST_SEALER.seal(seeded.secret, id);
  await db.query({
    text: 'insert into subscription_secrets (id, subscription_id, ciphertext, key_id) values ($1, $2, $3, $4)',
    values: [newUuid(), uuid, sealed.ciphertext, sealed.keyId],
  });
  return id;
}

/** An event for the seeded customer, as the API passes it to the store. */
export function eventFor(seeded: Seeded, overrides: Partial<EventToAccept> = {}): EventToAccept {
  return {
    uuid: newUuid(),
    type: seeded.eventType,
    schemaVersion: 1,
    customerId: seeded.customerId,
    channels: [],
    timestamp: timestampAt(new Date()),
    data: '{"amount":125.5}',
    bodyHash: Buffer.from('body'),
    ...overrides,
  };
}

/** Accepts one event. @returns its notifications */
export async function acceptOne(
  db: Executor,
  seeded: Seeded,
  overrides: Partial<EventToAccept> = {},
): Promise<AcceptedNotification[]> {
  const [result] = await acceptEvents(db, [eventFor(seeded, overrides)]);
  if (result?.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(result)}`);
  return result.notifications;
}
