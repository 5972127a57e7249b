/** Writes old notifications directly into the tables, as if left by years of use. */
import { createRequire } from 'node:module';

const DAY_MS = 86_400_000;
const DAYS = 30;
const CHUNK_ROWS = 100_000;
/**
 * Every fifth row belongs to the measured customer; the others are spread over a thousand
 * customers.
 */
const OURS_EVERY = 5;
/**
 * Every seventh notification failed. Coprime with the above, so that the customer has both kinds.
 */
const FAILED_EVERY = 7;

/**
 * Creates the partitions of the 30 days before today, and fills them evenly: one event with its
 * key, one notification and one attempt per row.
 */
export async function fillTable(database, rows, { productId, customerId, type, subscriptionUuid }) {
  const { ensurePartitions } = createRequire(import.meta.url)('../../dist/store/db/partitions');
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const from = today - DAYS * DAY_MS;
  await ensurePartitions(database, DAYS - 1, from);
  await database.query(
    'create temporary table old (n bigint, event_id uuid, notification_id uuid, attempt_id uuid, at timestamptz, failed boolean, customer_id text, subscription_id uuid)',
  );
  for (let first = 0; first < rows; first += CHUNK_ROWS) {
    await database.query('truncate old');
    await database.query(oldRows(), [
      first,
      Math.min(rows, first + CHUNK_ROWS) - 1,
      from,
      (DAYS * DAY_MS) / rows,
      customerId,
      subscriptionUuid,
    ]);
    for (const text of copies()) await database.query(text, [productId, type]);
  }
  // Autovacuum would have done this long ago.
  await database.query('vacuum (analyze)');
}

/**
 * The ids are UUIDv7 of the row's moment. A notification's id starts with the same digits as its
 * event's.
 */
function oldRows() {
  const uuid = (variant) =>
    `(lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || '${variant}' || substr(md5(n::text), 1, 14))::uuid`;
  return `
    insert into old
    select n, ${uuid('1')}, ${uuid('2')}, ${uuid('3')}, to_timestamp(ms / 1000.0), n % ${FAILED_EVERY} = 0,
      case when n % ${OURS_EVERY} = 0 then $5 else 'old-' || n % 1000 end,
      case when n % ${OURS_EVERY} = 0 then $6::uuid else ('00000000-0000-7000-8000-' || lpad((n % 1000)::text, 12, '0'))::uuid end
    from (select n, $3::bigint + (n * $4::float8)::bigint as ms from generate_series($1::bigint, $2::bigint) as n) as moments`;
}

/** $1 is the product, $2 the event type. */
function copies() {
  return [
    `insert into events (id, given_id, product_id, type, customer_id, channels, occurred_at, data, accepted_at)
     select event_id, 'old-' || n, $1, $2, customer_id, '{}', at, '{"paymentId":"P-1","amount":125.5}', at from old`,
    `insert into event_keys (product_id, given_id, event_id, body_hash)
     select $1, 'old-' || n, event_id, sha256(($2 || n)::bytea) from old`,
    `insert into notifications (id, event_id, subscription_id, customer_id, product_id, event_type, status, accepted_as, retry_schedule,
       attempt_count, opened_at, last_attempt_key, last_attempt_id, last_response_status, last_error_class, last_error_message, created_at, finished_at)
     select notification_id, event_id, subscription_id, customer_id, $1, $2, case when failed then 'failed' else 'delivered' end, 'pending', '{30}',
       1, at, 'old:1', attempt_id, case when failed then 503 else 204 end, case when failed then 'status' end,
       case when failed then 'answered 503' end, at, at from old`,
    `insert into attempts (id, notification_id, subscription_id, number, trigger, started_at, finished_at, duration_ms, response_status,
       error_class, error_message, request_method, request_url, request_headers, response_headers, response_body, workflow_id)
     select attempt_id, notification_id, subscription_id, 1, 'scheduled', at, at, 12, case when failed then 503 else 204 end,
       case when failed then 'status' end, case when failed then 'answered 503' end, 'POST', 'http://127.0.0.1/' || left($1 || $2, 0),
       '{"content-type":"application/json","webhook-id":"old"}', '{"date":"Thu, 01 Jan 2026 00:00:00 GMT"}', '',
       'notification/' || notification_id from old`,
  ];
}
