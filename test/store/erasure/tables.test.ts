import { ACTIVITY, BELONGINGS } from '../../../src/store/erasure/erase-belongings';
import { createTestDatabase, type TestDatabase } from '../../support/database';

/**
 * What an erasure does with each table of the schema. A table that is missing here was added
 * without a thought about erasure: decide, change src/store/erasure, and add it.
 */
const DELETED = [
  'activity',
  'api_keys',
  'attempts',
  'challenges',
  'customers',
  'deploys',
  'event_keys',
  'events',
  'idempotency_keys',
  'notifications',
  'oauth_clients',
  'oauth_refresh_tokens',
  'operational_outbox',
  'operational_states',
  'play_inboxes',
  'play_requests',
  'portal_sessions',
  'rate_lines',
  'recoveries',
  'recovery_items',
  'releases',
  'response_times',
  'secret_links',
  'sessions',
  'subscription_attempt_statistics',
  'subscription_day_statistics',
  'subscription_event_statistics',
  'subscription_secrets',
  'subscriptions',
  'url_allowlist',
];
/** Rows stay without what identifies the customer. */
const ANONYMISED = ['audit', 'erasures'];
/** No customer is named. */
const UNRELATED = [
  'day_summaries',
  'event_types',
  'installation',
  'master_key_check',
  'operational_pace',
  'product_days',
  'products',
  'response_times_progress',
  'retained_days',
  'schema_migrations',
  'service_definitions',
];
/** Deleted by functions of their own; the others are in `BELONGINGS`. */
const OWN_FUNCTION = ['attempts', 'customers', 'event_keys', 'events', 'idempotency_keys', 'notifications', 'sessions'];

/** Columns that refer to a customer, directly or indirectly. */
const REFERENCE = /^(?:customer|subscription|secret|notification|event)_id$|^given_id$|^principal_id$|^actor_id$/;

let database: TestDatabase;
let columns: { table: string; column: string }[];

beforeAll(async () => {
  database = await createTestDatabase();
  const { rows } = await database.db.query<{ table: string; column: string }>({
    text: `select c.relname as "table", a.attname as "column" from pg_class c join pg_attribute a on a.attrelid = c.oid
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped`,
  });
  columns = rows;
});
afterAll(() => database?.drop());

it('an erasure has a decision about every table of the schema', () => {
  const decided = [...DELETED, ...ANONYMISED, ...UNRELATED];
  expect(decided.sort()).toEqual([...new Set(columns.map(({ table }) => table))].sort());
});

it('an erasure handles every table with a column that refers to a customer', () => {
  const referring = new Set(columns.filter(({ column }) => REFERENCE.test(column)).map(({ table }) => table));
  expect([...referring].filter((table) => UNRELATED.includes(table))).toEqual([]);
});

it('an erasure deletes from every table that it is said to delete from', () => {
  const listed = [ACTIVITY, ...BELONGINGS].map(({ table }) => table);
  expect([...listed, ...OWN_FUNCTION].sort()).toEqual([...DELETED].sort());
});
