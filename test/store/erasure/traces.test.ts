import { encodeId, newUuid } from '../../../src/domain/ids';
import type { Principal } from '../../../src/domain/types';
import { insertAudit } from '../../../src/store/access/audit';
import { claimIdempotencyKey, storeIdempotentAnswer } from '../../../src/store/access/idempotency';
import { insertSession } from '../../../src/store/access/sessions';
import { createSealer } from '../../../src/store/db/crypto';
import { anonymiseAudit } from '../../../src/store/erasure/anonymise-audit';
import { beginErasure } from '../../../src/store/erasure/begin-erasure';
import { deleteAnswers, deleteSessions } from '../../../src/store/erasure/erase-sealed';
import { findErasure } from '../../../src/store/erasure/erasures';
import { readKnownIds, type KnownIds } from '../../../src/store/erasure/known-ids';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { acceptOne, seed, TEST_SEALER, type Seeded } from '../../support/seed';

/** What others hold of a customer: entries of the audit log, kept responses, sessions. */
let database: TestDatabase;
let seeded: Seeded;
let other: Seeded;
let erasureId: string;
let known: KnownIds;

const ADMIN: Principal = { id: 'bootstrap', name: 'admin', role: 'admin', productId: null, customerId: null };
const ignore = () => undefined;

beforeEach(async () => {
  database = await createTestDatabase();
  const { db } = database;
  seeded = await seed(db, { url: 'http://127.0.0.1:9/' });
  other = await seed(db, { url: 'http://127.0.0.1:9/' });
  const requested = await db.transaction((executor) => beginErasure(executor, seeded.customerId, {}));
  erasureId = requested!.erasure.id;
  known = await readKnownIds(db, seeded.customerId);
});
afterEach(() => database?.drop());

const audit = (action: string, object: string, detail: Record<string, unknown> = {}, by = ADMIN) =>
  insertAudit(database.db, { ...by, address: '192.0.2.7', requestId: 'r' }, action, object, { detail });

interface Entry {
  action: string;
  object: string;
  actor_id: string;
  actor_name: string;
  detail: Record<string, unknown>;
}

async function entriesAfter(): Promise<Entry[]> {
  await anonymiseAudit(database.db, erasureId, known, ignore);
  const { rows } = await database.db.query<Entry>({
    text: 'select action, object, actor_id, actor_name, detail from audit order by id',
  });
  return rows;
}

it('makes audit entries about a customer and what they have anonymous, and leaves others as they are', async () => {
  const { customerId, subscriptionId } = seeded;
  const mine = await acceptOne(database.db, other);
  await audit('customer.change', customerId, { fields: ['name'] });
  await audit('subscription.create', encodeId('sub', newUuid()), { customerId, name: 'main' });
  await audit('secret.reveal', subscriptionId);
  await audit('allowlist.create', encodeId('url', newUuid()), { pattern: 'https://x.example', customerId });
  await audit('notification.retry', mine[0]!.notificationId, { was: 'failed' });
  await audit('subscription.change', other.subscriptionId, { fields: ['url'] });
  await audit('customer.change', other.customerId, { fields: ['name'] });
  const entries = await entriesAfter();
  const anonymous = { object: erasureId, detail: {}, actor_id: 'bootstrap', actor_name: 'admin' };
  for (const entry of entries.slice(0, 4)) expect(entry).toMatchObject(anonymous);
  expect(entries.map(({ object }) => object).slice(4)).toEqual([
    mine[0]!.notificationId,
    other.subscriptionId,
    other.customerId,
  ]);
  expect(entries[4]!.detail).toEqual({ was: 'failed' });
  expect((await findErasure(database.db, erasureId, {}))!.counts.auditEntries).toBe(4);
});

it('removes the old and new values of the objects of the customer, and the address if the customer acted', async () => {
  const { db } = database;
  await db.query({ text: 'update customers set erasing = false where id = $1', values: [seeded.customerId] });
  const changes = { url: { from: 'https://old.example/jane', to: 'https://new.example/jane' } };
  const facts = { customerId: seeded.customerId, changes };
  const staff = { ...ADMIN, address: '192.0.2.7', requestId: 'r1' };
  const self = { ...staff, id: encodeId('key', newUuid()), customerId: seeded.customerId };
  known.ids.add(self.id);
  await insertAudit(db, staff, 'subscription.change', encodeId('sub', newUuid()), facts);
  await insertAudit(db, self, 'event.read', encodeId('evt', newUuid()));
  await db.query({ text: 'update customers set erasing = true where id = $1', values: [seeded.customerId] });
  await anonymiseAudit(db, erasureId, known, ignore);
  const { rows } = await db.query({
    text: 'select object, customer_id, changes, detail, address, request_id from audit order by id',
  });
  const anonymous = { object: erasureId, customer_id: null, changes: {}, detail: {} };
  expect(rows).toEqual([
    { ...anonymous, address: '192.0.2.7', request_id: 'r1' },
    { ...anonymous, address: null, request_id: null },
  ]);
});

it('leaves no new trace of a customer who is being erased', async () => {
  const { db } = database;
  const staff = { ...ADMIN, address: null, requestId: null };
  const facts = { customerId: seeded.customerId, detail: { id: 'a' }, changes: { name: { from: 'a', to: 'b' } } };
  await insertAudit(db, staff, 'event.read', 'evt_1', facts);
  await insertAudit(db, { ...staff, id: 'key_1', customerId: seeded.customerId }, 'event.read', 'evt_2');
  const { rows } = await db.query({ text: 'select object, customer_id, detail, changes from audit' });
  expect(rows).toEqual([{ object: 'erased customer', customer_id: null, detail: {}, changes: {} }]);
});

it('makes an audit entry about a notification of the customer anonymous', async () => {
  const { db } = database;
  const notificationId = encodeId('ntf', newUuid());
  await db.query({
    text: `insert into notifications (id, event_id, subscription_id, customer_id, product_id, event_type, status, accepted_as, retry_schedule)
           values ($1, $1, $1, $2, 'p', 't', 'failed', 'pending', '{}')`,
    values: [newUuid(), seeded.customerId],
  });
  const { rows } = await db.query<{ id: string }>({ text: 'select id from notifications' });
  await audit('notification.retry', encodeId('ntf', rows[0]!.id), { was: 'failed' });
  await audit('notification.retry', notificationId, { was: 'failed' });
  expect((await entriesAfter()).map(({ object }) => object)).toEqual([erasureId, notificationId]);
});

it('does not take a product or event type for a customer of the same id', async () => {
  await audit('product.change', seeded.customerId, { name: 'Product' });
  await audit('event-type.archive', seeded.customerId);
  await audit('customer.change', seeded.customerId);
  expect((await entriesAfter()).map(({ object }) => object)).toEqual([seeded.customerId, seeded.customerId, erasureId]);
});

it('makes the customer anonymous as an actor, also by a session that has ended long ago', async () => {
  const portal = encodeId('prt', newUuid());
  const by: Principal = { ...ADMIN, id: portal, name: 'portal session', role: 'customer' };
  await audit('portal-session.create', seeded.customerId, { id: portal });
  await audit('event.see', 'something', { note: 'seen' }, by);
  expect((await entriesAfter())[1]).toEqual({
    action: 'event.see',
    object: erasureId,
    actor_id: erasureId,
    actor_name: 'erased customer',
    detail: {},
  });
});

it('goes through an audit log of several pages', async () => {
  await audit('customer.create', seeded.customerId);
  await database.db.query({
    text: `insert into audit (id, actor_id, actor_name, action, object)
           select uuid_of_now(), 'bootstrap', 'admin', 'product.change', 'p' from generate_series(1, 2500)`,
  });
  await audit('customer.change', seeded.customerId);
  const entries = await entriesAfter();
  expect(entries.filter(({ object }) => object === erasureId)).toHaveLength(2);
  expect(entries).toHaveLength(2502);
});

async function keep(principalId: string, key: string, body: unknown, sealer = TEST_SEALER): Promise<void> {
  const owner = { principalId, key };
  await claimIdempotencyKey(database.db, sealer, owner, Buffer.from('hash'));
  await storeIdempotentAnswer(database.db, sealer, owner, { status: 201, body });
}

it('deletes kept responses about a customer, and no other ones', async () => {
  const { customerId, subscriptionId } = seeded;
  const own = encodeId('key', newUuid());
  known.ids.add(own);
  await keep('key_p', 'customer', { id: customerId, name: 'C', retrySchedule: [30] });
  await keep('key_p', 'subscription', { id: encodeId('sub', newUuid()), customerId });
  await keep('key_p', 'event', { id: 'evt', notifications: [{ id: encodeId('ntf', newUuid()), subscriptionId }] });
  await keep(own, 'by the customer', { id: 'x' });
  await keep('key_p', 'batch', { results: [{ status: 202, notifications: [{ subscriptionId }] }] });
  await keep('key_p', 'same id', { id: customerId, name: 'a product' });
  await keep('key_p', 'other', { id: other.customerId, name: 'D', retrySchedule: [30] });
  await keep('key_p', 'lost key', { customerId }, createSealer(Buffer.alloc(32, 9)));
  await deleteAnswers(database.db, TEST_SEALER, erasureId, known, ignore);
  const { rows } = await database.db.query<{ key: string }>({ text: 'select key from idempotency_keys order by key' });
  expect(rows.map(({ key }) => key)).toEqual(['batch', 'lost key', 'other', 'same id']);
});

it('deletes the browser sessions of a customer, by key or token, and no other ones', async () => {
  const portal = encodeId('prt', newUuid());
  known.ids.add(portal);
  const token = `e30.${Buffer.from(JSON.stringify({ sub: 'portal', jti: portal })).toString('base64url')}.sig`;
  const foreign = `e30.${Buffer.from(JSON.stringify({ jti: encodeId('prt', newUuid()) })).toString('base64url')}.sig`;
  const session = {
    principal: ADMIN,
    csrfToken: 'x',
    expiresAt: new Date(Date.now() + 60_000),
    authenticatedAt: new Date(),
    address: '',
    userAgent: '',
  };
  for (const [index, credential] of [token, foreign, 'spk_other'].entries())
    await insertSession(database.db, TEST_SEALER, Buffer.from([index]), { ...session, credential });
  await deleteSessions(database.db, TEST_SEALER, erasureId, known, ignore);
  const { rows } = await database.db.query<{ token_hash: Buffer }>({
    text: 'select token_hash from sessions order by 1',
  });
  expect(rows.map(({ token_hash: hash }) => hash[0])).toEqual([1, 2]);
  expect((await findErasure(database.db, erasureId, {}))!.counts.sessions).toBe(1);
});
