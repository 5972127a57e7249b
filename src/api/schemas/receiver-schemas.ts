import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';

const MAX_URL_LENGTH = 2048;
const MAX_HEADERS = 30;
const MAX_HEADER_LENGTH = 4096;
const MAX_NAME_LENGTH = 256;
const MAX_SECRET_LENGTH = 4096;
const MAX_PEM_LENGTH = 32 * 1024;

/**
 * Headers that Signpost or HTTP sets: those of a single connection (RFC 9110 §7.6.1), those that
 * frame the message or describe its content, and those that ask for another form of the response.
 */
const RESERVED_HEADERS = new Set([
  'accept-encoding',
  'connection',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'date',
  'digest',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'repr-digest',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const RESERVED_PREFIXES = ['webhook-', 'signpost-'];

export const url = z
  .string()
  .max(MAX_URL_LENGTH)
  .superRefine((text, context) => {
    const fault = urlFault(text);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  })
  .describe('An http or https URL without credentials or fragment.');

function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'expected an absolute URL';
  const { protocol, username, password, hash } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return 'expected http or https';
  if (username || password) return 'must not contain credentials: use a header instead';
  if (hash || text.includes('#')) return 'must not contain a fragment';
  return undefined;
}

const headerRecord = z.record(z.string(), z.string().max(MAX_HEADER_LENGTH)).superRefine((given, context) => {
  const names = Object.keys(given);
  if (names.length > MAX_HEADERS) context.addIssue({ code: 'custom', message: `at most ${MAX_HEADERS} headers` });
  for (const name of names) {
    const fault = headerFault(name, given[name]!);
    if (fault) context.addIssue({ code: 'custom', path: [name], message: fault });
  }
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length)
    context.addIssue({ code: 'custom', message: 'must not contain a name twice' });
});

/** zod leaves out the name `__proto__` of a record, and nothing may be dropped silently. */
export const headers = z
  .preprocess((given, context) => {
    if (typeof given !== 'object' || given === null || !Object.hasOwn(given, '__proto__')) return given;
    context.addIssue({ code: 'custom', path: ['__proto__'], message: 'is not a valid header' });
    return z.NEVER;
  }, headerRecord)
  .describe(
    `Additional headers of every delivery and challenge, at most ${MAX_HEADERS}. Values are sealed at rest; \`***\` keeps the stored value.`,
  );

function headerFault(name: string, value: string): string | undefined {
  const lower = name.toLowerCase();
  if (RESERVED_HEADERS.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix)))
    return 'is set by Signpost or by HTTP';
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return undefined;
  } catch {
    return 'is not a valid header';
  }
}

const pem = z.string().min(1).max(MAX_PEM_LENGTH);

/** TLS credentials of a receiver. The service checks their contents. */
export const tlsSchema = z
  .strictObject({
    clientCertificate: pem.optional().describe('Client certificate as PEM, followed by its chain, if any.'),
    clientKey: pem
      .optional()
      .describe(
        'Private key of the client certificate as PEM. Write-only: `***` in answers. Sending `***` back keeps it.',
      ),
    caCertificate: pem.optional().describe('Certificate authorities as PEM. If given, no others are trusted.'),
  })
  .meta({ id: 'ReceiverTls' });

const printable = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');
const secretNote = 'Write-only: `***` in answers. Sending `***` back keeps it.';

/** How requests to the receiver authenticate. */
export const authSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }),
    z.strictObject({
      type: z.literal('basic'),
      username: printable
        .max(MAX_NAME_LENGTH)
        .refine((name) => !name.includes(':'), 'must not contain a colon (RFC 7617)'),
      password: printable.max(MAX_SECRET_LENGTH).describe(secretNote),
    }),
    z.strictObject({
      type: z.literal('bearer'),
      token: z
        .string()
        .max(MAX_SECRET_LENGTH)
        .regex(/^[\x21-\x7e]+$/, 'expected printable ASCII characters without spaces')
        .describe(secretNote),
    }),
    z.strictObject({
      type: z.literal('oauth2'),
      tokenUrl: url.describe('Token endpoint of the OAuth 2.0 server. The URL allow-list must approve it too.'),
      clientId: printable.min(1).max(MAX_NAME_LENGTH),
      clientSecret: printable
        .min(1)
        .max(MAX_SECRET_LENGTH)
        .describe(`${secretNote} With a new tokenUrl it must be sent again.`),
      scope: z
        .string()
        .max(MAX_SECRET_LENGTH)
        .regex(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'expected scopes separated by one space')
        .optional(),
      audience: printable.min(1).max(MAX_URL_LENGTH).optional(),
    }),
  ])
  .meta({ id: 'ReceiverAuth' });
