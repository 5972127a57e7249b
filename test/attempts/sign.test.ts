import { decodeJwt } from 'jose';
import { signRequest } from '../../src/attempts/sign';
import { NO_PRIVATE_SETTINGS } from '../../src/domain/private-settings';
import { NO_ACCESS, receiverAccessOf, type ReceiverAccess } from '../../src/domain/receiver-access';
import { standardSignature } from '../../src/domain/signing';
import type { DeliverySubscription } from '../../src/store/notifications/delivery-subscription';
import { deliveryFacts, deliverySubscription } from '../support/delivery';
import { TEST_SEALER } from '../support/seed';

const SIGNER = { sealer: TEST_SEALER, publicUrl: () => 'https://signpost.example' };
/** Half a second into a second: times in a signature are whole seconds. */
const NOW = new Date(Date.UTC(2026, 0, 1) + 500);
const NOW_SECONDS = Math.floor(NOW.getTime() / 1000);

const signed = (overrides: Partial<DeliverySubscription> = {}, attempts = 0, access: ReceiverAccess = NO_ACCESS) =>
  signRequest(SIGNER, deliveryFacts({ attempts }), deliverySubscription(overrides), access, undefined, NOW);
const withHeaders = (headers: Record<string, string>) =>
  signed({}, 0, receiverAccessOf({ ...NO_PRIVATE_SETTINGS, headers }));

it('signs with the time of the attempt, and names event, attempt and notification', async () => {
  const { headers, body } = await signed({}, 2);
  expect(headers).toMatchObject({
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(NOW_SECONDS),
    'webhook-signature': standardSignature({ id: 'evt_1', timestampSeconds: NOW_SECONDS, body: body! }, [
      'test-secret',
    ]),
    'signpost-attempt': '3',
    'signpost-notification': 'ntf_1',
  });
});

it('signs with every live secret, in the order in which they are given', async () => {
  const secrets = ['new', 'old'].map((secret) => TEST_SEALER.seal(secret, 'sub_1'));
  const { headers, body } = await signed({ secrets });
  const message = { id: 'evt_1', timestampSeconds: NOW_SECONDS, body: body! };
  expect(headers['webhook-signature']).toBe(standardSignature(message, ['new', 'old']));
});

it.each([1, 15, 600])('gives the token of format trigger a life of the timeout, here %i s', async (timeoutSeconds) => {
  const { headers } = await signed({ format: 'trigger', timeoutSeconds });
  const { exp } = decodeJwt(headers.authorization!.slice('Bearer '.length));
  expect(exp! - Number(headers['webhook-timestamp'])).toBe(timeoutSeconds);
});

it.each(['standard', 'envelope', 'flat'] as const)('sends no token in format %s', async (format) => {
  expect((await signed({ format })).headers).not.toHaveProperty('authorization');
});

it('sends no body with GET, and signs the empty one', async () => {
  const { headers, body, shownBody } = await signed({ method: 'GET' });
  expect([body, shownBody]).toEqual([undefined, null]);
  expect(headers).not.toHaveProperty('content-type');
  const message = { id: 'evt_1', timestampSeconds: NOW_SECONDS, body: '' };
  expect(headers['webhook-signature']).toBe(standardSignature(message, ['test-secret']));
});

it('lets no header of the subscription replace one of the signature', async () => {
  const { headers } = await withHeaders({
    'webhook-id': 'forged',
    'webhook-timestamp': '1',
    'x-team': 'a',
    constructor: 'b',
  });
  expect(headers).toMatchObject({
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(NOW_SECONDS),
    'x-team': 'a',
    constructor: 'b',
  });
});

it('sends the content type and the user agent of the subscription once, instead of its own', async () => {
  const { headers } = await withHeaders({ 'Content-Type': 'application/x-test', 'User-Agent': 'Acme/1' });
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  expect(headers).toMatchObject({ 'content-type': 'application/x-test', 'user-agent': 'Acme/1' });
  expect(names).toHaveLength(new Set(names).size);
});

it.each([
  [{ type: 'basic', username: 'ada', password: 'pä:ss' } as const, 'Basic YWRhOnDDpDpzcw=='],
  [{ type: 'bearer', token: 't0ken' } as const, 'Bearer t0ken'],
])('authenticates by %o', async (auth, authorization) => {
  const access = receiverAccessOf({ ...NO_PRIVATE_SETTINGS, auth });
  expect((await signed({}, 0, access)).headers).toMatchObject({ authorization });
});

it('lists the secret of the subscription as one that a response may echo in format flat, and only there', async () => {
  expect((await signed({ format: 'flat' })).secrets).toEqual(['test-secret']);
  expect((await signed({ format: 'envelope' })).secrets).toEqual([]);
});

it('throws if the subscription has no secret', () => {
  expect(() => signed({ secrets: [] })).toThrow('no secret');
});
