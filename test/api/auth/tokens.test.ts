import { SignJWT } from 'jose';
import { createTokens } from '../../../src/api/auth/tokens';
import { derivedKey } from '../../../src/domain/derived-key';

/** Access tokens while the master key is rotated. */
const [OLD, NEW] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const SESSION = { portalSessionId: 'prt_1' };

it('accepts a token of the previous master key, and issues tokens of the current one', async () => {
  const both = createTokens(NEW, OLD);
  expect(await both.verify(await createTokens(OLD).issue(SESSION, 60))).toMatchObject(SESSION);
  const issued = await both.issue(SESSION, 60);
  expect(await createTokens(NEW).verify(issued)).toMatchObject(SESSION);
  expect(await createTokens(OLD).verify(issued)).toBeUndefined();
});

it('refuses an expired token', async () => {
  const tokens = createTokens(NEW);
  expect(await tokens.verify(await tokens.issue(SESSION, 1))).toMatchObject(SESSION);
  expect(await tokens.verify(await tokens.issue(SESSION, -1))).toBeUndefined();
});

it('refuses a token of any other master key, and an expired token of the previous one', async () => {
  const both = createTokens(NEW, OLD);
  expect(await both.verify(await createTokens(Buffer.alloc(32, 3)).issue(SESSION, 60))).toBeUndefined();
  expect(await both.verify(await createTokens(OLD).issue(SESSION, -1))).toBeUndefined();
  expect(await createTokens(NEW).verify(await createTokens(OLD).issue(SESSION, 60))).toBeUndefined();
});

it('refuses a token of the service without what it issues', async () => {
  const issued = { iss: 'signpost', sub: 'portal', jti: 'prt_1', exp: Math.floor(Date.now() / 1000) + 60 };
  const verify = async (claims: object, alg = 'HS256') =>
    createTokens(NEW).verify(
      await new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(derivedKey(NEW, 'access tokens')),
    );
  expect(await verify(issued)).toMatchObject(SESSION);
  expect(await verify({ ...issued, iss: 'another' })).toBeUndefined();
  for (const name of Object.keys(issued))
    expect([name, await verify({ ...issued, [name]: undefined })]).toEqual([name, undefined]);
  expect(await verify(issued, 'HS512')).toBeUndefined();
});
