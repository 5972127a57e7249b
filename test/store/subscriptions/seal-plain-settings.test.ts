import { decodeId } from '../../../src/domain/ids';
import { openPrivateSettings, storedPrivateSettingsOf } from '../../../src/store/subscriptions/private-settings';
import type { PrivateSettingsRow } from '../../../src/store/subscriptions/private-settings';
import { sealPlainSettings } from '../../../src/store/subscriptions/seal-plain-settings';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { seed, seedSubscription, TEST_SEALER, type Seeded } from '../../support/seed';

/** Headers from before they were sealed. */
let database: TestDatabase;
let seeded: Seeded;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await database.db.query({ text: 'update subscriptions set headers = default' });
  seeded = await seed(database.db, { url: 'https://receiver.example' });
});

const URL_OPTIONS = { url: 'https://receiver.example' };
const sealAll = () => sealPlainSettings(database.db, TEST_SEALER);
const set = (id: string, assignments: string) =>
  database.db.query({ text: `update subscriptions set ${assignments} where id = $1`, values: [decodeId('sub', id)] });
async function read(id: string) {
  const { rows } = await database.db.query<PrivateSettingsRow & { revision: number; modified_at: Date }>({
    text: 'select * from subscriptions where id = $1',
    values: [decodeId('sub', id)],
  });
  return rows[0]!;
}
const opened = async (id: string) =>
  openPrivateSettings(TEST_SEALER, id, storedPrivateSettingsOf(await read(id))).headers;

it('seals the headers of every subscription, in batches, and then finds nothing to do', async () => {
  const ids = [seeded.subscriptionId];
  for (let n = 0; n < 250; n++) ids.push(await seedSubscription(database.db, seeded, URL_OPTIONS, `s${n}`));
  for (const id of ids) await set(id, `headers = '{"X-Key":"key of ${id}"}'`);
  const before = await read(ids[7]!);

  expect(await sealAll()).toBe(ids.length);
  const after = await read(ids[7]!);
  expect(after.headers).toEqual({});
  expect(after.private_settings!.toString('latin1')).not.toContain('key of');
  expect(after.modified_at).toEqual(before.modified_at);
  for (const id of ids) expect(await opened(id)).toEqual({ 'X-Key': `key of ${id}` });
  expect(await sealAll()).toBe(0);
});

it('takes over the headers that a process of the previous version wrote over sealed ones', async () => {
  const { subscriptionId } = seeded;
  await set(subscriptionId, `headers = '{"X-Key":"first"}'`);
  await sealAll();
  await set(subscriptionId, `headers = '{"X-Key":"second"}'`);
  expect(await opened(subscriptionId)).toEqual({ 'X-Key': 'second' });
  await sealAll();
  expect(await opened(subscriptionId)).toEqual({ 'X-Key': 'second' });
});

it('clears what a deleted subscription has kept', async () => {
  const { subscriptionId } = seeded;
  await set(subscriptionId, `headers = '{"X-Key":"k"}', custom_data = '{"a":"k"}', deleted_at = now()`);
  expect(await sealAll()).toBe(1);
  expect(await read(subscriptionId)).toMatchObject({ headers: {}, custom_data: {}, private_settings: null });
  expect(await sealAll()).toBe(0);
});

it('does not open settings that were moved from another subscription', async () => {
  const other = await seedSubscription(database.db, seeded, URL_OPTIONS, 'other');
  await set(seeded.subscriptionId, `headers = '{"X-Key":"k"}'`);
  await sealAll();
  const moved = storedPrivateSettingsOf(await read(seeded.subscriptionId));
  expect(() => openPrivateSettings(TEST_SEALER, other, moved)).toThrow();
});
