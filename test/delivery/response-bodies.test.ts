import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createChallengeSender } from '../../src/delivery/challenge';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import { NO_ACCESS } from '../../src/domain/receiver-access';
import { challengeResponse } from '../../src/domain/signing';
import { useReceiver } from '../support/receiver';

const KEPT = 16 * 1024;
const TEXT = '{"error":"ungültig"}';

const receiver = useReceiver();
let http: HttpClient;
beforeEach(() => {
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
});
afterEach(() => http.close());

async function sent(headers: Record<string, string>, body: Buffer) {
  receiver.answerRaw((_request, response) => void response.writeHead(500, headers).end(body));
  const { response } = await http.send({ url: receiver.url(), method: 'POST', headers: {}, timeoutMs: 5000 });
  return response!;
}
const coded = (coding: string, body: Buffer) => sent({ 'content-encoding': coding }, body);

it('asks for no content coding', async () => {
  await http.send({ url: receiver.url(), method: 'POST', headers: { 'x-a': 'b' }, timeoutMs: 5000 });
  expect(receiver.requests[0]!.headers).toMatchObject({ 'accept-encoding': 'identity', 'x-a': 'b' });
});

describe('a response body with a content coding', () => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['GZIP', gzipSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['identity', Buffer.from(TEXT)],
    ['gzip, identity, br', brotliCompressSync(gzipSync(TEXT))],
  ])('is decoded: %s', async (coding, body) => {
    expect(await coded(coding, body)).toMatchObject({ status: 500, body: TEXT, truncated: false });
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000, 'a'))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000, 'a'))],
    ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(50_000_000, 'a')))],
  ])('is cut at 16 KiB, however much it expands to: %s', async (coding, body) => {
    const before = process.memoryUsage().arrayBuffers;
    const response = await coded(coding, body);
    expect(response).toMatchObject({ body: 'a'.repeat(KEPT), truncated: true });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  it('is decoded as far as it was kept', async () => {
    const random = Array.from({ length: 60_000 }, (_, index) => ((index * 7919) % 9973).toString(36)).join(' ');
    const body = gzipSync(random);
    expect(body.length).toBeGreaterThan(KEPT);
    const response = await coded('gzip', body);
    expect(response).toMatchObject({ body: random.slice(0, KEPT), truncated: true });
  });

  it.each([
    ['gzip', 'not compressed'],
    ['br', 'not compressed'],
    ['zstd', 'unknown'],
    ['gzip, unknown', 'unknown'],
    ['gzip, gzip, gzip, gzip', 'too many'],
    ['gzip', ''],
  ])('stays as it came if it cannot be decoded: %s, %s', async (coding, text) => {
    expect(await coded(coding, Buffer.from(text))).toMatchObject({ status: 500, body: text, truncated: false });
  });

  it('stays as it came if it is damaged', async () => {
    const body = gzipSync(TEXT);
    body[body.length - 5]! ^= 0xff;
    expect(await coded('gzip', body)).toMatchObject({ status: 500, body: body.toString().replaceAll('\0', '\ufffd') });
  });

  it('passes a challenge', async () => {
    receiver.answerRaw((request, response) => {
      const token = new URL(request.url!, 'http://receiver').searchParams.get('crc_token')!;
      const body = JSON.stringify({ response_token: challengeResponse('secret', token) });
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
    });
    const request = { subscriptionId: 'sub_1', url: receiver.url(), secrets: ['secret'], access: NO_ACCESS };
    expect(await createChallengeSender(http).challenge(request)).toMatchObject({ verified: true });
  });
});

describe('a response body in another charset than UTF-8', () => {
  const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
  it.each([
    ['text/plain; charset=ISO-8859-1', Buffer.from(TEXT, 'latin1')],
    ['text/plain; charset="iso-8859-1"', Buffer.from(TEXT, 'latin1')],
    ['application/json;Charset=windows-1252', Buffer.from(TEXT, 'latin1')],
    ['text/plain; charset=utf-16le', Buffer.from(TEXT, 'utf16le')],
    ['text/plain; charset=utf-16be', utf16be(TEXT)],
    ['text/plain; charset=utf-16', utf16be(`\ufeff${TEXT}`)],
    ['text/plain', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['application/json', Buffer.from(`\ufeff${TEXT}`)],
    ['text/plain; charset=utf-8', Buffer.from(TEXT)],
    ['text/plain; charset=unknown', Buffer.from(TEXT)],
  ])('is read in that charset: %s', async (type, body) => {
    expect(await sent({ 'content-type': type }, body)).toMatchObject({ body: TEXT, truncated: false });
  });

  it('is decoded first', async () => {
    const headers = { 'content-type': 'text/plain; charset=iso-8859-1', 'content-encoding': 'gzip' };
    expect(await sent(headers, gzipSync(Buffer.from(TEXT, 'latin1')))).toMatchObject({ body: TEXT });
  });
});
