import { createTokens } from '../../../src/api/auth/tokens';

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
