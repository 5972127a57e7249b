import type { Request } from 'express';
import { createAuthenticator, type Credentials } from '../../../src/api/auth/auth';

/** Look-ups of credentials that Postgres does not answer, which all callers share. */
const never = () => new Promise<never>(() => undefined);
const credentials: Credentials = {
  adminKey: 'the-admin-key',
  tokens: { issue: never, verify: never },
  findByKeyHash: never,
  findByClientId: never,
  findByPortalSession: never,
  usesHttps: () => false,
  onUse: () => undefined,
  onSessionUse: () => undefined,
  findSession: never,
};

const from = (ip: string, key: string) =>
  ({ ip, method: 'GET', headers: {}, get: (name: string) => (name === 'x-api-key' ? key : undefined) }) as Request;

it('a flood of unknown credentials from one address leaves look-ups to other addresses', async () => {
  const authenticator = createAuthenticator(credentials);
  const refused: unknown[] = [];
  const send = (ip: string, count: number) => {
    for (let index = 0; index < count; index++)
      authenticator.authenticate(from(ip, `unknown ${ip} ${index}`)).catch((error: unknown) => refused.push(error));
    return new Promise(setImmediate);
  };
  await send('192.0.2.1', 300);
  expect(refused).toHaveLength(200);
  expect(refused[0]).toMatchObject({ code: 'too-many-requests' });
  refused.length = 0;
  await send('192.0.2.2', 40);
  expect(refused).toEqual([]);
});

it('a look-up that has ended makes room for the next one', async () => {
  const authenticator = createAuthenticator({ ...credentials, findByKeyHash: () => Promise.resolve(undefined) });
  for (let index = 0; index < 300; index++)
    await expect(authenticator.authenticate(from('192.0.2.1', `unknown ${index}`))).rejects.toMatchObject({
      code: 'unauthenticated',
    });
});
