import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { Webhook } from 'standardwebhooks';
import type { HttpRequest } from '../../src/delivery/http-client';
import { decodeId } from '../../src/domain/ids';
import { NO_PRIVATE_SETTINGS } from '../../src/domain/private-settings';
import { attemptsOf, findAttempt } from '../../src/store/notifications/attempts';
import { sealPrivateSettings } from '../../src/store/subscriptions/private-settings';
import { attemptInput, httpResult, testRunner } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { acceptOne, seed, TEST_SEALER, type Seeded } from '../support/seed';

/** Bodies that only the receiver can read. */
let database: TestDatabase;
let seeded: Seeded;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'https://receiver.example' });
});

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const X25519 = generateKeyPairSync('x25519');
type Pair = { publicKey: KeyObject; privateKey: KeyObject };

async function encryptFor({ publicKey }: Pair, algorithm: string, columns: Record<string, unknown> = {}) {
  const encryption = { publicKey: { ...publicKey.export({ format: 'jwk' }), kid: 'key-1' }, algorithm };
  for (const [column, value] of Object.entries({ encryption: JSON.stringify(encryption), ...columns }))
    await database.db.query({
      text: `update subscriptions set ${column} = $2 where id = $1`,
      values: [decodeId('sub', seeded.subscriptionId), value],
    });
}

/** Makes an attempt. @returns the request that was sent, and the attempt as it was recorded */
async function attempt() {
  let sent!: HttpRequest;
  const [notification] = await acceptOne(database.db, seeded);
  const run = testRunner(database.db, (request) => {
    sent = request;
    return httpResult(200);
  });
  await run(attemptInput(notification!.notificationId));
  const [made] = await attemptsOf(database.db, notification!.notificationId);
  return { sent, recorded: (await findAttempt(database.db, made!.id, {}))! };
}

async function open(jwe: string, { privateKey }: Pair) {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey);
  return { body: new TextDecoder().decode(plaintext), header: protectedHeader };
}

/** As a receiver does: the stock library signs what it expects. */
function expectedSignature({ headers, body }: HttpRequest): string {
  const timestamp = new Date(Number(headers['webhook-timestamp']) * 1000);
  return new Webhook(seeded.secret).sign(headers['webhook-id']!, timestamp, body!);
}

it.each([
  ['RSA', RSA, 'RSA-OAEP-256'],
  ['P-256', P256, 'ECDH-ES+A256KW'],
  ['P-256', P256, 'ECDH-ES'],
  ['X25519', X25519, 'ECDH-ES+A256KW'],
  ['X25519', X25519, 'ECDH-ES'],
] as const)('a body for a key of type %s is decrypted with %s by jose alone', async (_kind, pair, alg) => {
  await encryptFor(pair, alg);
  const { sent } = await attempt();
  expect(sent.headers['content-type']).toBe('application/jose');
  expect(sent.headers['webhook-signature']).toBe(expectedSignature(sent));
  const { body, header } = await open(sent.body!, pair);
  expect(header).toMatchObject({ alg, enc: 'A256GCM', kid: 'key-1', cty: 'application/json' });
  expect(JSON.parse(body)).toMatchObject({ type: seeded.eventType, data: expect.any(Object) });
});

it('the attempt shows the ciphertext that was sent, and nothing of the payload', async () => {
  await encryptFor(RSA, 'RSA-OAEP-256');
  const { sent, recorded } = await attempt();
  expect(recorded.request.body).toBe(sent.body);
  expect(recorded.request.headers).toMatchObject({ 'content-type': 'application/jose' });
  expect(JSON.stringify(recorded)).not.toContain(seeded.eventType);
});

it.each(['standard', 'envelope', 'flat'] as const)('a body of format %s is encrypted whole', async (format) => {
  await encryptFor(RSA, 'RSA-OAEP-256', { format });
  const { sent, recorded } = await attempt();
  const { body } = await open(sent.body!, RSA);
  const member = { standard: 'data', envelope: 'payloadAsString', flat: 'secret' }[format];
  expect(JSON.parse(body)).toHaveProperty(member);
  expect(recorded.request.body).toBe(sent.body);
});

it('the content type of the subscription becomes the one of the contents', async () => {
  const { subscriptionId } = seeded;
  const headers = { 'Content-Type': 'application/x-test' };
  const sealed = sealPrivateSettings(TEST_SEALER, subscriptionId, { ...NO_PRIVATE_SETTINGS, headers })!;
  await encryptFor(RSA, 'RSA-OAEP-256', {
    private_settings: sealed.ciphertext,
    private_settings_sealed_by: sealed.keyId,
  });
  const { sent } = await attempt();
  expect(sent.headers['content-type']).toBe('application/jose');
  expect((await open(sent.body!, RSA)).header.cty).toBe('application/x-test');
});

it('two attempts encrypt the same event with different keys', async () => {
  await encryptFor(RSA, 'RSA-OAEP-256');
  const [one, other] = [(await attempt()).sent.body!, (await attempt()).sent.body!];
  const [, keyOfOne] = one.split('.');
  expect(other.split('.')[1]).not.toBe(keyOfOne);
});

it('a key that cannot be used fails the attempt before anything is sent', async () => {
  await encryptFor(RSA, 'ECDH-ES');
  const { sent, recorded } = await attempt();
  expect(sent).toBeUndefined();
  expect(recorded).toMatchObject({ error: { class: 'sign' }, request: { body: null } });
});
