import type { IncomingMessage } from 'node:http';
import { judge, type Received } from '../../../src/api/play/captured';
import { encodeId, newUuid } from '../../../src/domain/ids';
import {
  DEFAULT_ANSWER,
  MAX_KEPT_BODY_LENGTH,
  MAX_KEPT_HEADERS_LENGTH,
  type PlayInbox,
} from '../../../src/domain/play';
import { secretSignature } from '../../../src/domain/signing';

/** The stored part of a request to an inbox. */
const NOW_MS = 1_700_000_000_000;
const SECRET = 'a secret of sixteen characters';
const signer = { subscriptionId: encodeId('sub', newUuid()), name: 'main', secrets: [SECRET], privateKeys: [] };
const inbox: PlayInbox = {
  id: encodeId('pin', newUuid()),
  token: '0'.repeat(40),
  customerId: 'c-1',
  productId: null,
  name: 'Inbox',
  answer: DEFAULT_ANSWER,
  createdAt: new Date(),
  modifiedAt: new Date(),
  expiresAt: new Date(),
};

interface Sent {
  method?: string;
  url?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  isOwn?: boolean;
}
function judged({ method = 'POST', url = '/play/in/x', headers = {}, body = '', isOwn = true }: Sent) {
  const request = { method, url, headers } as IncomingMessage;
  const received: Received = { request, body: Buffer.from(body), isOwn, ofSender: [] };
  return judge(inbox, received, [signer], NOW_MS);
}
/** The headers of a delivery. */
function delivery(body = '', id = encodeId('evt', newUuid())) {
  const timestamp = String(NOW_MS / 1000);
  const signature = secretSignature(SECRET, Buffer.from(`${id}.${timestamp}.${body}`));
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

it('a delivery is verified, and its ids are stored', () => {
  const notification = encodeId('ntf', newUuid());
  const headers = { ...delivery('{}'), 'signpost-notification': notification };
  expect(judged({ headers, body: '{}' }).captured).toMatchObject({
    inboxId: inbox.id,
    signature: { status: 'verified' },
    subscriptionId: signer.subscriptionId,
    eventId: headers['webhook-id'],
    notificationId: notification,
  });
});

it.each(['text', encodeId('ntf', newUuid()), 'evt_'])('the id %s, which belongs to no event, is not stored', (id) => {
  expect(judged({ headers: delivery('', id) }).captured).toMatchObject({ eventId: null, notificationId: null });
});

it('private headers of a delivery are masked, and those of strangers that look like secrets', () => {
  const headers = { host: 'h', 'x-tenant': 'private', authorization: 'private', 'content-type': 'text/plain' };
  const open = { host: 'h', 'content-type': 'text/plain' };
  expect(judged({ headers }).captured.headers).toEqual({ ...open, 'x-tenant': '***', authorization: '***' });
  expect(judged({ headers, isOwn: false }).captured.headers).toEqual({
    ...open,
    'x-tenant': 'private',
    authorization: '***',
  });
});

it('the body of a request for an access token is hidden, and that of a delivery only its secrets', () => {
  const body = `client_secret=private&s=${SECRET}`;
  expect(judged({ body }).captured.body).toBe('***');
  expect(judged({ body, isOwn: false }).captured.body).toBe('client_secret=private&s=***');
  expect(judged({ body, headers: delivery(body) }).captured.body).toBe('client_secret=private&s=***');
  expect(judged({ body: '' }).captured.body).toBe('');
});

it('values of the query are masked, and a NUL in the body is replaced, which Postgres does not store', () => {
  const { captured } = judged({ url: '/play/in/x?tenant=private&bare', body: 'a\0b', isOwn: false });
  expect(captured).toMatchObject({ query: 'tenant=***&***', body: 'a\ufffdb', bodyBytes: 3 });
});

it('only the start of a long body is kept, and headers up to their limit', () => {
  const body = 'x'.repeat(MAX_KEPT_BODY_LENGTH);
  expect(judged({ body, isOwn: false }).captured).toMatchObject({ body, bodyTruncated: false });
  expect(judged({ body: `${body}y`, isOwn: false }).captured).toMatchObject({ body, bodyTruncated: true });
  const long = 'x'.repeat(MAX_KEPT_HEADERS_LENGTH - 'accept'.length);
  expect(judged({ headers: { accept: long } }).captured.headers).toEqual({ accept: long });
  expect(judged({ headers: { host: 'h', accept: long } }).captured.headers).toEqual({ host: 'h' });
});

describe('a challenge', () => {
  const challenge = { method: 'GET', url: '/play/in/x?crc_token=first&crc_token=last' };

  it('of this service is answered with the HMAC of its last token', () => {
    const { captured, challengeAnswer } = judged(challenge);
    expect(captured).toMatchObject({ signature: { status: 'challenge' }, subscriptionId: signer.subscriptionId });
    expect(JSON.parse(challengeAnswer!)).toEqual({ response_token: expect.stringMatching(/^sha256=/) });
    expect(challengeAnswer).toBe(judged({ ...challenge, url: '/play/in/x?crc_token=last' }).challengeAnswer);
  });

  it.each<[string, Sent]>([
    ['of somebody else', { isOwn: false }],
    ['by POST', { method: 'POST' }],
    ['without a token', { url: '/play/in/x?crc_token=' }],
    ['that is signed, which is a delivery by GET', { headers: delivery() }],
  ])('%s gets no answer', (_, sent) => {
    const { captured, challengeAnswer } = judged({ ...challenge, ...sent });
    expect(challengeAnswer).toBeUndefined();
    expect(captured.signature.status).not.toBe('challenge');
  });
});
