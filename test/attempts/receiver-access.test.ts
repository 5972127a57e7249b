import { decodeId } from '../../src/domain/ids';
import { NO_PRIVATE_SETTINGS, type PrivateSettings } from '../../src/domain/private-settings';
import type { HttpRequest, HttpResult } from '../../src/delivery/http-client';
import { attemptsOf, findAttempt } from '../../src/store/notifications/attempts';
import type { Sealer } from '../../src/store/db/crypto';
import { sealPrivateSettings } from '../../src/store/subscriptions/private-settings';
import { attemptInput, httpResult, testRunner } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { acceptOne, seed, TEST_SEALER, type Seeded } from '../support/seed';

/** Headers and credentials of a subscription: sent to the receiver, and stored nowhere. */
let database: TestDatabase;
let seeded: Seeded;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'https://receiver.example' });
});

async function setPrivate(settings: Partial<PrivateSettings>): Promise<void> {
  const { subscriptionId } = seeded;
  const sealed = sealPrivateSettings(TEST_SEALER, subscriptionId, { ...NO_PRIVATE_SETTINGS, ...settings })!;
  await database.db.query({
    text: 'update subscriptions set private_settings = $2, private_settings_sealed_by = $3 where id = $1',
    values: [decodeId('sub', subscriptionId), sealed.ciphertext, sealed.keyId],
  });
}

/** Makes an attempt. @returns the request that was sent, and the attempt as it was recorded */
async function attempt(send: (request: HttpRequest) => HttpResult = () => httpResult(200), sealer?: Sealer) {
  let sent!: HttpRequest;
  const [notification] = await acceptOne(database.db, seeded);
  const run = testRunner(
    database.db,
    (request) => {
      sent = request;
      return send(request);
    },
    sealer && { sealer },
  );
  const { notificationId } = notification!;
  await run(attemptInput(notificationId));
  const [made] = await attemptsOf(database.db, notificationId);
  return { sent, recorded: (await findAttempt(database.db, made!.id, {}))! };
}

const HEADERS = { 'X-Team': 'canary-team', 'X-Pin': '123', 'Content-Type': 'application/x-test' };

it('sends the headers of the subscription, and records none of their values but that of the content type', async () => {
  await setPrivate({ headers: HEADERS });
  const { sent, recorded } = await attempt();
  expect(sent.headers).toMatchObject({ 'X-Team': 'canary-team', 'X-Pin': '123', 'content-type': 'application/x-test' });
  expect(recorded.request.headers).toMatchObject({
    'X-Team': '***',
    'X-Pin': '***',
    'content-type': 'application/x-test',
  });
});

it('sends the headers that are not sealed yet', async () => {
  const { subscriptionId } = seeded;
  await database.db.query({
    text: `update subscriptions set headers = '{"X-Team":"canary-team"}' where id = $1`,
    values: [decodeId('sub', subscriptionId)],
  });
  const { sent, recorded } = await attempt();
  expect(sent.headers).toMatchObject({ 'X-Team': 'canary-team' });
  expect(recorded.request.headers).toMatchObject({ 'X-Team': '***' });
});

it.each([
  [{ type: 'basic', username: 'ada', password: 'canary-word' } as const],
  [{ type: 'bearer', token: 'canary-word' } as const],
])('records nothing of the credentials of %o, even if the receiver echoes them', async (auth) => {
  await setPrivate({ auth, headers: { 'X-Team': 'canary-team' } });
  const { sent, recorded } = await attempt((request) => {
    const echo = { ...request.headers, password: 'canary-word' };
    const headers = { 'x-echo': request.headers.authorization!, 'set-cookie': 'session=1' };
    return httpResult(401, {
      response: { status: 401, headers, body: JSON.stringify(echo), truncated: false, bodyTruncated: false },
    });
  });
  const authorization = sent.headers.authorization!;
  const text = JSON.stringify(recorded);
  expect(authorization).toMatch(/^(Basic|Bearer) ./);
  for (const secret of [authorization, authorization.split(' ')[1]!, 'canary']) expect(text).not.toContain(secret);
  expect(recorded.response).toMatchObject({
    headers: { 'x-echo': expect.stringContaining('***'), 'set-cookie': '***' },
  });
});

it('records neither the token of format trigger nor credentials of its custom data that the receiver echoes', async () => {
  const customData = { apiToken: 'canary-token', nested: { secrets: ['canary-in-list'] }, team: 'visible' };
  await database.db.query({
    text: `update subscriptions set format = 'trigger', custom_data = $2 where id = $1`,
    values: [decodeId('sub', seeded.subscriptionId), JSON.stringify(customData)],
  });
  const { sent, recorded } = await attempt(({ headers, body }) =>
    httpResult(401, {
      response: {
        status: 401,
        headers: { 'x-echo': headers.authorization! },
        body: `${headers.authorization} ${body}`,
        truncated: false,
        bodyTruncated: false,
      },
    }),
  );
  const token = sent.headers.authorization!.slice('Bearer '.length);
  expect(token.split('.')).toHaveLength(3);
  const text = JSON.stringify(recorded.response);
  for (const part of [...token.split('.').slice(1), 'canary']) expect(text).not.toContain(part);
  expect(recorded.response).toMatchObject({ headers: { 'x-echo': 'Bearer ***' } });
  expect(text).toContain('visible');
});

it('opens sealed settings once for each revision of the subscription, not for each attempt', async () => {
  await setPrivate({ auth: { type: 'bearer', token: 'first' } });
  let opened = 0;
  const counting: Sealer = {
    ...TEST_SEALER,
    open(sealed, context) {
      if (context.startsWith('private settings')) opened += 1;
      return TEST_SEALER.open(sealed, context);
    },
  };
  const authorizations: unknown[] = [];
  const run = testRunner(
    database.db,
    ({ headers }) => {
      authorizations.push(headers.authorization);
      return httpResult(200);
    },
    { sealer: counting },
  );
  const deliver = async () => {
    const [notification] = await acceptOne(database.db, seeded);
    await run(attemptInput(notification!.notificationId));
  };
  for (let n = 0; n < 3; n++) await deliver();
  expect(opened).toBe(1);
  await setPrivate({ auth: { type: 'bearer', token: 'second' } });
  await deliver();
  expect(opened).toBe(2);
  expect(authorizations).toEqual(['Bearer first', 'Bearer first', 'Bearer first', 'Bearer second']);
});

it('opens nothing for a subscription without private settings', async () => {
  const refusing: Sealer = {
    ...TEST_SEALER,
    open(sealed, context) {
      if (context.startsWith('private settings')) throw new Error('nothing to open');
      return TEST_SEALER.open(sealed, context);
    },
  };
  const { recorded } = await attempt(undefined, refusing);
  expect(recorded.status).toBe(200);
});
