import { createAddressGuard } from '../../src/delivery/address-guard';
import { createChallengeSender } from '../../src/delivery/challenge';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import { NO_ACCESS, receiverAccessOf, type ReceiverAccess } from '../../src/domain/receiver-access';
import { challengeResponse } from '../../src/domain/signing';
import { startReceiver, type Answer, type Receiver, type ReceivedRequest } from '../support/receiver';

const SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

let receiver: Receiver;
let http: HttpClient;
beforeEach(async () => {
  receiver = await startReceiver();
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
});
afterEach(async () => {
  await http.close();
  await receiver.close();
});

const challenge = (url = receiver.url('/hook'), secrets = [SECRET], access: ReceiverAccess = NO_ACCESS) =>
  createChallengeSender(http).challenge({ subscriptionId: 'sub_1', url, secrets, access });
const tokenOf = ({ path }: ReceivedRequest) => new URL(path, 'http://receiver').searchParams.get('crc_token')!;
const json = (value: unknown): Answer => ({ status: 200, body: JSON.stringify(value) });

describe('challenge', () => {
  it('passes a receiver that knows the secret', async () => {
    receiver.answerChallenges(SECRET);
    await expect(challenge()).resolves.toEqual({
      verified: true,
      secret: SECRET,
      responseStatus: 200,
      detail: 'the response proves that the receiver knows the secret',
      durationMs: expect.any(Number),
    });
    expect(receiver.requests).toEqual([expect.objectContaining({ method: 'GET', body: '' })]);
  });

  it('sends the headers and credentials of deliveries', async () => {
    receiver.answerChallenges(SECRET);
    const auth = { type: 'bearer', token: 't0ken' } as const;
    await challenge(undefined, [SECRET], receiverAccessOf({ headers: { 'X-Api-Key': 'k' }, auth, tls: null }));
    expect(receiver.requests[0]!.headers).toMatchObject({ 'x-api-key': 'k', authorization: 'Bearer t0ken' });
  });

  it('accepts any current secret of a rotation', async () => {
    receiver.answerChallenges('an older secret');
    await expect(challenge(undefined, [SECRET, 'an older secret'])).resolves.toMatchObject({ verified: true });
  });

  it('passes a receiver whose response headers are large', async () => {
    receiver.answerWith((request) => ({
      ...json({ response_token: challengeResponse(SECRET, tokenOf(request)) }),
      headers: { 'x-big': 'a'.repeat(20_000) },
    }));
    await expect(challenge()).resolves.toMatchObject({ verified: true });
  });

  it('sends a new random token each time', async () => {
    receiver.answerChallenges(SECRET);
    await challenge();
    await challenge();
    const tokens = receiver.requests.map(tokenOf);
    expect(new Set(tokens).size).toBe(2);
    expect(tokens.every((token) => token.length >= 32)).toBe(true);
  });

  it.each([
    ['/hook', '/hook?crc_token='],
    ['/hook?', '/hook?crc_token='],
    ['/hook?tenant=a%20b&flag', '/hook?tenant=a%20b&flag&crc_token='],
    ['/hook?q=1#part', '/hook?q=1&crc_token='],
  ])('keeps the query of %s as written', async (path, sent) => {
    receiver.answerChallenges(SECRET);
    await challenge(receiver.url(path));
    expect(receiver.requests[0]!.path.replace(/(crc_token=).*/, '$1')).toBe(sent);
  });
});

describe('failed challenge', () => {
  const answers: [string, Parameters<Receiver['answerWith']>[0], string][] = [
    ['the status is a success other than 200', { status: 201 }, 'the status was 201, not 200'],
    ['the receiver redirects', { status: 302, headers: { location: '/crc' } }, 'the status was 302, not 200'],
    ['the receiver has no such route', 404, 'the status was 404, not 200'],
    ['the body is empty', 200, 'the body is not JSON'],
    ['the body is not JSON', { status: 200, body: '<html>' }, 'the body is not JSON'],
    ['the body is not an object', json(null), 'the body has no string in response_token'],
    ['the body has a different field', json({ token: 'x' }), 'the body has no string in response_token'],
    ['the token is not text', json({ response_token: 5 }), 'the body has no string in response_token'],
    ['the body is too large', json('a'.repeat(20_000)), 'the body was too large or incomplete'],
    [
      'the token is made with a different secret',
      (request) => json({ response_token: challengeResponse('other', tokenOf(request)) }),
      'response_token is not the HMAC-SHA256 of crc_token with the secret',
    ],
    [
      'the token lacks its prefix',
      (request) => json({ response_token: challengeResponse(SECRET, tokenOf(request)).slice('sha256='.length) }),
      'response_token is not the HMAC-SHA256 of crc_token with the secret',
    ],
    [
      'the token is returned unchanged',
      (request) => json({ response_token: tokenOf(request) }),
      'response_token is not the HMAC-SHA256 of crc_token with the secret',
    ],
  ];
  it.each(answers)('fails a challenge, with a readable reason, if %s', async (_what, answer, detail) => {
    receiver.answerWith(answer);
    await expect(challenge()).resolves.toMatchObject({ verified: false, detail });
  });

  it('fails a challenge of a subscription without a secret', async () => {
    receiver.answerChallenges('');
    await expect(challenge(undefined, [])).resolves.toMatchObject({ verified: false });
  });

  it('fails a challenge if the receiver refuses the connection', async () => {
    const gone = await startReceiver();
    const url = gone.url();
    await gone.close();
    await expect(challenge(url)).resolves.toMatchObject({
      verified: false,
      responseStatus: null,
      detail: 'connection refused',
    });
  });

  it('fails a challenge to an internal address', async () => {
    await expect(challenge('http://10.0.0.1/hook')).resolves.toMatchObject({
      verified: false,
      detail: 'address 10.0.0.1 is not allowed',
    });
  });
});
