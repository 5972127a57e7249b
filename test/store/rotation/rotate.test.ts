import type { QueryResultRow } from 'pg';
import { decodeId } from '../../../src/domain/ids';
import { generateSecret, generateSigningKey } from '../../../src/domain/signing';
import { NO_PRIVATE_SETTINGS } from '../../../src/domain/private-settings';
import { claimIdempotencyKey, storeIdempotentAnswer } from '../../../src/store/access/idempotency';
import { findSession, insertSession } from '../../../src/store/access/sessions';
import { createSealer } from '../../../src/store/db/crypto';
import type { Statement } from '../../../src/store/db/database';
import { requireMasterKey } from '../../../src/store/db/master-key-check';
import { listKeyUse, reportKeyUse } from '../../../src/store/db/master-key-use';
import { countSealed, resealOnce } from '../../../src/store/rotation/reseal';
import { beginRotation, rotate } from '../../../src/store/rotation/rotate';
import { SEALED_PLACES } from '../../../src/store/rotation/sealed-places';
import {
  openPrivateSettings,
  sealPrivateSettings,
  storedPrivateSettingsOf,
} from '../../../src/store/subscriptions/private-settings';
import { currentSecrets, rotateSecret } from '../../../src/store/subscriptions/secrets';
import { findSigningKey, putSigningKey } from '../../../src/store/subscriptions/signing-keys';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { seed, seedSubscription, TEST_SEALER, type Seeded } from '../../support/seed';

const OLD_KEY = Buffer.alloc(32, 7);
const NEW_KEY = Buffer.alloc(32, 8);
const ringOf = (current = NEW_KEY, previous = OLD_KEY) => {
  const ring = createSealer(current, previous);
  return { ...ring, previousKeyId: ring.previousKeyId! };
};
const ignore = () => undefined;
/** With the new key only, as a process after the rotation. */
const NEW_ONLY = createSealer(NEW_KEY);
const URL_OPTIONS = { url: 'https://receiver.example' };
const TOKEN_HASH = Buffer.from('hash of a session');
const OWNER = { principalId: 'key_1', key: 'k' };
const REQUEST = Buffer.from('request');

let database: TestDatabase;
let seeded: Seeded;
let id: string;
beforeEach(async () => {
  database = await createTestDatabase();
  seeded = await seed(database.db, URL_OPTIONS);
  id = seeded.subscriptionId;
});
afterEach(() => database.drop());

/** Seals a value in every place with the old key. */
async function fillEveryPlace(): Promise<{ secret: string }> {
  const { db } = database;
  const secret = generateSecret();
  await rotateSecret(db, TEST_SEALER, id, { secret, chosen: true }, 3600);
  await putSigningKey(db, TEST_SEALER, id, generateSigningKey(), 0);
  await putSigningKey(db, TEST_SEALER, id, generateSigningKey(), 3600);
  const sealed = sealPrivateSettings(TEST_SEALER, id, { ...NO_PRIVATE_SETTINGS, headers: { 'X-Key': 'value' } })!;
  await db.query({
    text: 'update subscriptions set private_settings = $2, private_settings_sealed_by = $3 where id = $1',
    values: [decodeId('sub', id), sealed.ciphertext, sealed.keyId],
  });
  const expiresAt = new Date(Date.now() + 3_600_000);
  await insertSession(db, TEST_SEALER, TOKEN_HASH, {
    principal: { id: 'bootstrap', name: 'admin', role: 'admin', productId: null, customerId: null },
    credential: 'spk_x',
    csrfToken: 'c',
    expiresAt,
    authenticatedAt: new Date(),
    address: '127.0.0.1',
    userAgent: '',
  });
  await claimIdempotencyKey(db, TEST_SEALER, OWNER, REQUEST);
  await storeIdempotentAnswer(db, TEST_SEALER, OWNER, { status: 201, body: { key: 'spk_shown_once' } });
  return { secret };
}

const valuesOf = async (keyId: string) =>
  (await countSealed(database.db)).filter((count) => count.keyId === keyId).map(({ place, values }) => [place, values]);

it('seals every kind of value again, each still bound to its owner', async () => {
  const { db } = database;
  const { secret } = await fillEveryPlace();
  const before = await findSigningKey(db, TEST_SEALER, id);
  expect(await valuesOf(TEST_SEALER.keyId)).toEqual(
    SEALED_PLACES.map(({ name }) => [name, name === 'secrets' ? 2 : 1]),
  );

  expect(await rotate(db, ringOf(), ignore)).toMatchObject({ total: 7, resealed: 7, left: 0, unreadable: [] });
  expect(await valuesOf(TEST_SEALER.keyId)).toEqual([]);
  expect((await currentSecrets(db, NEW_ONLY, id)).map((each) => each.secret)).toEqual([secret, seeded.secret]);
  expect(await findSigningKey(db, NEW_ONLY, id)).toEqual(before);
  const { rows } = await db.query<Parameters<typeof storedPrivateSettingsOf>[0]>({
    text: 'select * from subscriptions where id = $1',
    values: [decodeId('sub', id)],
  });
  expect(openPrivateSettings(NEW_ONLY, id, storedPrivateSettingsOf(rows[0]!)).headers).toEqual({ 'X-Key': 'value' });
  expect(await findSession(db, NEW_ONLY, TOKEN_HASH, { idleSeconds: 60, issuer: undefined })).toMatchObject({
    credential: 'spk_x',
  });
  const answer = await claimIdempotencyKey(db, NEW_ONLY, OWNER, REQUEST);
  expect(answer).toMatchObject({ status: 201 });
  expect(JSON.stringify(answer)).toContain('spk_shown_once');
});

it('knows every column of the schema that names a master key', async () => {
  const { rows } = await database.db.query<{ name: string }>({
    text: `select table_name || '.' || column_name as name from information_schema.columns
           where table_schema = 'public' and (column_name ~ 'key_id$|sealed_by$')
             and table_name in (select table_name from information_schema.tables where table_type = 'BASE TABLE')`,
  });
  const known = SEALED_PLACES.map(({ table, keyId }) => `${table}.${keyId}`);
  expect(rows.map(({ name }) => name).sort()).toEqual([...known, 'master_key_check.key_id'].sort());
});

it('goes through more values than fit into one page, and finds nothing left in a second run', async () => {
  for (let n = 0; n < 450; n++) await seedSubscription(database.db, seeded, URL_OPTIONS, `s${n}`);
  const progress: [number, number][] = [];
  const [ring, sum] = [ringOf(), (visits: number[]) => visits.reduce((all, each) => all + each, 0)];
  const visits: number[] = [];
  expect(await resealOnce(database.db, ring, (more) => visits.push(more))).toMatchObject({ resealed: 451 });
  expect(sum(visits)).toBe(451);
  const back = ringOf(OLD_KEY, NEW_KEY);
  const first = await rotate(database.db, back, (done, total) => progress.push([done, total]));
  expect(first).toMatchObject({ total: 451, resealed: 451, left: 0 });
  expect(progress.at(-1)).toEqual([451, 451]);
  expect(progress.length).toBeGreaterThan(100);
  expect(await rotate(database.db, back, ignore)).toMatchObject({ total: 0, resealed: 0, left: 0 });
});

it('two runs at the same time seal every value once', async () => {
  for (let n = 0; n < 100; n++) await seedSubscription(database.db, seeded, URL_OPTIONS, `s${n}`);
  const [one, other] = await Promise.all([
    rotate(database.db, ringOf(), ignore),
    rotate(database.db, ringOf(), ignore),
  ]);
  expect(one.resealed + other.resealed).toBe(101);
  expect([one.left, other.left]).toEqual([0, 0]);
  expect((await currentSecrets(database.db, NEW_ONLY, id))[0]!.secret).toBe(seeded.secret);
});

it('continues after a run that stopped half-way', async () => {
  for (let n = 0; n < 20; n++) await seedSubscription(database.db, seeded, URL_OPTIONS, `s${n}`);
  let visited = 0;
  const stopped = rotate(database.db, ringOf(), () => {
    if (++visited === 3) throw new Error('killed');
  });
  await expect(stopped).rejects.toThrow('killed');
  const ring = ringOf();
  expect(await valuesOf(ring.keyId)).toEqual([['secrets', 12]]);
  // Meanwhile every value opens for a process with both keys.
  expect((await currentSecrets(database.db, ring, id))[0]!.secret).toBe(seeded.secret);
  expect(await rotate(database.db, ring, ignore)).toMatchObject({ total: 9, resealed: 9, left: 0 });
});

it('does not overwrite a value that changes between reading and sealing', async () => {
  const { db } = database;
  const changed = sealPrivateSettings(ringOf(), id, { ...NO_PRIVATE_SETTINGS, headers: { 'X-Key': 'new' } })!;
  await fillEveryPlace();
  const racing: typeof db = {
    ...db,
    async query(statement) {
      if (statement.text.startsWith('update subscriptions t set private_settings'))
        await db.query({
          text: 'update subscriptions set private_settings = $1, private_settings_sealed_by = $2',
          values: [changed.ciphertext, changed.keyId],
        });
      return db.query(statement);
    },
  };
  expect(await resealOnce(racing, ringOf(), ignore)).toMatchObject({ resealed: 6, changedMeanwhile: 1 });
  const { rows } = await db.query<{ private_settings: Buffer }>({ text: 'select private_settings from subscriptions' });
  expect(rows[0]!.private_settings).toEqual(changed.ciphertext);
});

it('does not deadlock with a change that locks the subscription before its secret', async () => {
  const { db } = database;
  let rotating: Promise<unknown> = Promise.resolve();
  await db.transaction(async (executor) => {
    await executor.query({
      text: 'select from subscriptions where id = $1 for update',
      values: [decodeId('sub', id)],
    });
    rotating = resealOnce(db, ringOf(), ignore);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await rotateSecret(executor, ringOf(), id, { secret: 'changed meanwhile', chosen: true }, 60);
  });
  expect(await rotating).toMatchObject({ resealed: 1, unreadable: [] });
  await rotate(db, ringOf(), ignore);
  expect((await currentSecrets(db, NEW_ONLY, id)).map(({ secret }) => secret)).toEqual([
    'changed meanwhile',
    seeded.secret,
  ]);
});

it('waits for a value whose row is locked, and seals it in a later pass', async () => {
  const { db } = database;
  const ring = ringOf();
  let release: () => void = ignore;
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((isLocked) => {
    held = db.transaction(async (executor) => {
      await executor.query({ text: 'select from subscription_secrets for update' });
      isLocked();
      await new Promise<void>((resolve) => (release = resolve));
    });
  });
  const impatient: typeof db = {
    ...db,
    query: <Row extends QueryResultRow>(statement: Statement) =>
      statement.text.includes('update subscription_secrets')
        ? db
            .transaction(async (executor) => {
              await executor.query({ text: "set local lock_timeout = '100ms'" });
              return executor.query<Row>(statement);
            })
            .finally(release)
        : db.query<Row>(statement),
  };
  expect(await rotate(impatient, ring, ignore)).toMatchObject({ total: 1, resealed: 1, left: 0 });
  await held;
});

it('names a value that the previous key does not open, and keeps the key in use', async () => {
  await requireMasterKey(database.db, TEST_SEALER);
  await fillEveryPlace();
  await database.db.query({
    text: "update sessions set credential = '\\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'",
  });
  const rotation = await rotate(database.db, ringOf(), ignore);
  expect(rotation).toMatchObject({ resealed: 6, left: 1, removableAt: null });
  expect(rotation.unreadable).toEqual([{ place: 'sessions', id: TOKEN_HASH.toString('hex') }]);
  await expect(requireMasterKey(database.db, NEW_ONLY)).rejects.toThrow('sealed with master key');
});

it('after a rotation the new key alone starts, and the previous one alone is refused', async () => {
  const { db } = database;
  await requireMasterKey(db, TEST_SEALER);
  await expect(requireMasterKey(db, NEW_ONLY)).rejects.toThrow('SIGNPOST_MASTER_KEY is not the key of this database');
  await requireMasterKey(db, ringOf());
  await expect(requireMasterKey(db, NEW_ONLY)).rejects.toThrow('A rotation of the master key is under way');
  await expect(requireMasterKey(db, TEST_SEALER)).rejects.toThrow('A rotation of the master key is under way');
  await goQuiet(TEST_SEALER.keyId);
  await rotate(db, ringOf(), ignore);
  await requireMasterKey(db, NEW_ONLY);
  await expect(requireMasterKey(db, TEST_SEALER)).rejects.toThrow(
    'SIGNPOST_MASTER_KEY is not the key of this database',
  );
});

it('rotates the key of a database that is older than the check of the key', async () => {
  const { db } = database;
  await requireMasterKey(db, ringOf());
  await expect(requireMasterKey(db, NEW_ONLY)).rejects.toThrow(TEST_SEALER.keyId);
  expect((await rotate(db, ringOf(), ignore)).removableAt).not.toBeNull();
  await requireMasterKey(db, NEW_ONLY);
});

it('says that the previous key may be removed when its last access token has expired', async () => {
  await requireMasterKey(database.db, TEST_SEALER);
  await goQuiet(TEST_SEALER.keyId);
  const seenAt = (await listKeyUse(database.db))[0]!.seenAt!;
  const { removableAt } = await rotate(database.db, ringOf(), ignore);
  expect(removableAt).toEqual(new Date(seenAt.getTime() + 24 * 3_600_000));
});

it('does not begin, and makes the new key known to nobody, while a process seals with the previous one', async () => {
  const { db } = database;
  await requireMasterKey(db, TEST_SEALER);
  expect(await beginRotation(db, ringOf())).toBe(false);
  await requireMasterKey(db, TEST_SEALER);
  await goQuiet(TEST_SEALER.keyId);
  expect(await beginRotation(db, ringOf())).toBe(true);
  await expect(requireMasterKey(db, TEST_SEALER)).rejects.toThrow('A rotation of the master key is under way');
});

it('refuses to begin with a wrong previous key', async () => {
  await requireMasterKey(database.db, TEST_SEALER);
  const wrong = ringOf(NEW_KEY, Buffer.alloc(32, 9));
  await expect(beginRotation(database.db, wrong)).rejects.toThrow(
    `sealed with master key ${TEST_SEALER.keyId}, and this process has ${wrong.keyId} and ${wrong.previousKeyId}`,
  );
});

it('a process that seals with a retired key puts it back in use', async () => {
  const { db } = database;
  await requireMasterKey(db, TEST_SEALER);
  await goQuiet(TEST_SEALER.keyId);
  await beginRotation(db, ringOf());
  await rotate(db, ringOf(), ignore);
  await reportKeyUse(db, TEST_SEALER, 1);
  await expect(requireMasterKey(db, NEW_ONLY)).rejects.toThrow('A rotation of the master key is under way');
});

it('a rotation back to a retired key puts it in use again', async () => {
  const { db } = database;
  await requireMasterKey(db, TEST_SEALER);
  await goQuiet(TEST_SEALER.keyId);
  await beginRotation(db, ringOf());
  await rotate(db, ringOf(), ignore);
  await requireMasterKey(db, ringOf(OLD_KEY, NEW_KEY));
  await expect(requireMasterKey(db, NEW_ONLY)).rejects.toThrow('A rotation of the master key is under way');
});

it('counts the seals of each key over all reports', async () => {
  const { db } = database;
  const sealer = createSealer(OLD_KEY);
  await requireMasterKey(db, sealer);
  for (let n = 0; n < 5; n++) sealer.seal('x', 'y');
  expect(await reportKeyUse(db, sealer, sealer.takeSeals())).toBe(6);
  expect(await reportKeyUse(db, sealer, sealer.takeSeals())).toBe(6);
  expect(await reportKeyUse(db, sealer, 2 ** 32)).toBe(2 ** 32 + 6);
});

/** As if the last process with this key had stopped a while ago. */
const goQuiet = (keyId: string) =>
  database.db.query({
    text: "update master_key_check set seen_at = date_trunc('milliseconds', now()) - interval '31 seconds' where key_id = $1",
    values: [keyId],
  });
