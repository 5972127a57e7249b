import { createSealer } from '../../../src/store/db/crypto';

/**
 * Secrets at rest. The sealer remembers what it opened, so each case opens with one that has not
 * seen the seal.
 */
const KEY = Buffer.alloc(32, 1);
const seal = (plaintext: string, context: string) => createSealer(KEY).seal(plaintext, context);
const open = (...args: Parameters<ReturnType<typeof createSealer>['open']>) => createSealer(KEY).open(...args);

it('opens what it sealed for the same owner', () => {
  expect(open(seal('secret ü', 'sub_1'), 'sub_1')).toBe('secret ü');
});

it('does not open for another owner, so that rows cannot be swapped', () => {
  expect(() => open(seal('secret', 'sub_1'), 'sub_2')).toThrow();
});

it('does not open for another owner what it opened for the right one before', () => {
  const sealer = createSealer(KEY);
  const sealed = sealer.seal('secret', 'sub_1');
  expect(sealer.open(sealed, 'sub_1')).toBe('secret');
  expect(() => sealer.open(sealed, 'sub_2')).toThrow();
  expect(sealer.open(sealed, 'sub_1')).toBe('secret');
});

it.each([
  ['the nonce', 0],
  ['the ciphertext', 12],
  ['the tag', -1],
])('does not open what was changed in %s', (_, position) => {
  const { ciphertext, keyId } = seal('secret', 'sub_1');
  const changed = Buffer.from(ciphertext);
  const index = position < 0 ? changed.length + position : position;
  changed[index] = changed[index]! ^ 1;
  expect(() => open({ ciphertext: changed, keyId }, 'sub_1')).toThrow();
});

it('names the master key that is missing', () => {
  const sealed = createSealer(Buffer.alloc(32, 2)).seal('secret', 'sub_1');
  expect(() => open(sealed, 'sub_1')).toThrow(`sealed with master key ${sealed.keyId}`);
});

it('does not open with another master key that claims to be the right one', () => {
  const { ciphertext } = createSealer(Buffer.alloc(32, 2)).seal('secret', 'sub_1');
  expect(() => open({ ciphertext, keyId: seal('', '').keyId }, 'sub_1')).toThrow();
});

it('seals the same secret differently each time, and does not show it', () => {
  const [first, second] = [seal('a-secret-text', 'sub_1'), seal('a-secret-text', 'sub_1')];
  expect(first.ciphertext.equals(second.ciphertext)).toBe(false);
  expect(first.keyId).toBe(second.keyId);
  expect(first.ciphertext.toString('latin1')).not.toContain('a-secret-text');
});

it('keeps opening when it has forgotten what it opened before', () => {
  const sealer = createSealer(KEY);
  const sealed = Array.from({ length: 1001 }, (_, index) => sealer.seal(`secret ${index}`, 'sub_1'));
  for (const [index, one] of sealed.entries()) expect(sealer.open(one, 'sub_1')).toBe(`secret ${index}`);
  expect(sealer.open(sealed[0]!, 'sub_1')).toBe('secret 0');
});

it('with two keys, opens what either sealed and seals with the first', () => {
  const other = Buffer.alloc(32, 2);
  const ring = createSealer(KEY, other);
  expect(ring.open(seal('old', 'sub_1'), 'sub_1')).toBe('old');
  expect(ring.open(createSealer(other).seal('new', 'sub_1'), 'sub_1')).toBe('new');
  expect(open(ring.seal('secret', 'sub_1'), 'sub_1')).toBe('secret');
  expect([ring.keyId, ring.previousKeyId]).toEqual([createSealer(KEY).keyId, createSealer(other).keyId]);
});

it('has no previous key if both are the same', () => {
  expect(createSealer(KEY, Buffer.from(KEY)).previousKeyId).toBeUndefined();
});

it('does not open a ciphertext with a short tag', () => {
  const { keyId } = seal('', '');
  expect(() => open({ ciphertext: Buffer.alloc(20), keyId }, '')).toThrow();
});

it('counts its seals', () => {
  const sealer = createSealer(KEY);
  const sealed = [sealer.seal('a', 'x'), sealer.seal('b', 'x')];
  sealer.open(sealed[0]!, 'x');
  expect([sealer.takeSeals(), sealer.takeSeals()]).toEqual([2, 0]);
});

it.each([0, 16, 31, 33])('refuses a master key of %i bytes', (bytes) => {
  expect(() => createSealer(Buffer.alloc(bytes))).toThrow('must be 32 bytes');
});
