import { formsOfSecrets, maskForms, maskHeaders, maskResponse, querySecrets } from '../../src/domain/mask';

describe('masked headers', () => {
  it.each([
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'X-Api-Key',
    'x-access-token',
    'x-client-secret',
    'X-Passphrase',
    'x-session-id',
  ])('masks the value of the header %s', (name) =>
    expect(maskHeaders({ [name]: 'hidden' })).toEqual({ [name]: '***' }),
  );

  it('keeps other headers unchanged', () => {
    const headers = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-signature': 'v1,abc' };
    expect(maskHeaders(headers)).toEqual(headers);
  });
});

it('finds the long values in the query of a URL, as sent and decoded', () => {
  const found = querySecrets('https://a.example/hook?v=1&token=s3cret%20token&x=abcdefgh&y=plus+sign%2f');
  expect(found.sort()).toEqual(['s3cret%20token', 's3cret token', 'abcdefgh', 'plus sign/', 'plus+sign%2f'].sort());
  expect(querySecrets('https://a.example/hook')).toEqual([]);
});

it('leaves no rest of a secret that contains another one', () => {
  expect(maskForms('abc and abcdefgh', formsOfSecrets(['abc', 'abcdefgh']))).toBe('*** and ***');
});

describe('a secret that a receiver echoes', () => {
  const SECRET = 'gré"en/+<&> \\ päss\'wörd';
  const json = (value: unknown) => JSON.stringify(value);
  const ascii = (text: string) =>
    json(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const percent = encodeURIComponent(SECRET);
  const html = SECRET.replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
  it.each([
    ['as it is', `x ${SECRET} y`],
    ['in JSON', json({ SECRET })],
    ['in JSON inside JSON', json(json({ SECRET }))],
    ['in ASCII JSON', ascii(SECRET)],
    [
      'in ASCII JSON with capitals',
      ascii(SECRET).replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => `\\u${hex.toUpperCase()}`),
    ],
    ['in JSON as PHP writes it', ascii(SECRET).replaceAll('/', '\\/')],
    ['in ASCII JSON inside JSON', json(ascii(SECRET))],
    ['percent-encoded', `?a=${percent}&b=1`],
    ['percent-encoded in lower case', percent.replace(/%../g, (octet) => octet.toLowerCase())],
    ['percent-encoded in a form', new URLSearchParams({ a: SECRET }).toString()],
    ['percent-encoded in a path', encodeURI(SECRET)],
    ['in HTML', `<b>${html}</b>`],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['in base64 after one byte', Buffer.from(`:${SECRET}:`).toString('base64')],
    ['in base64 after two bytes', Buffer.from(`a:${SECRET}, and more`).toString('base64')],
  ])('is masked %s', (_form, text) => {
    const masked = maskForms(text, formsOfSecrets([SECRET]));
    expect(masked).toContain('***');
    const left = [masked, Buffer.from(masked.replaceAll('***', ''), 'base64').toString()].join('\n');
    expect(left).not.toMatch(/gr(é|%C3|%c3|\\u00)|w(ö|%C3|%c3|\\u00|&)/);
    expect(left).not.toContain('rd');
  });

  it.each([
    ['as it is', SECRET],
    ['in base64', Buffer.from(`a:${SECRET}:b`).toString('base64')],
  ])('is masked where the end of the body cuts it %s, and only there', (_form, text) => {
    const masked = (body: string, bodyTruncated: boolean) =>
      maskResponse({ headers: {}, body, bodyTruncated }, [SECRET]).body;
    const start = `x ${text.slice(0, -4)}`;
    expect(masked(start, true)).toMatch(/^x .{0,4}\*\*\*$/);
    expect(masked(start, false)).toBe(start);
    expect(masked(`${start}!`, true)).toBe(`${start}!`);
  });

  it('is not looked for in base64 if it is so short that it would occur by chance', () => {
    expect(formsOfSecrets(['abcd'])).toEqual(['abcd']);
  });

  it('costs a bounded time, however many and long the secrets of a subscription are', () => {
    const secrets = Array.from({ length: 30 }, (_, index) => `${index}é/"`.repeat(800).slice(0, 4096));
    const started = process.cpuUsage();
    const forms = formsOfSecrets(secrets);
    expect(maskForms('x'.repeat(16_384), formsOfSecrets(secrets))).toHaveLength(16_384);
    expect(forms.length).toBeLessThan(30 * 30);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});
