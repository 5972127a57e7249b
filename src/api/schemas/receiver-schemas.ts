import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { httpUrl } from './http-url';
import { printableText } from './schemas';

const MAX_HEADERS = 30;
const MAX_HEADER_LENGTH = 4096;
const MAX_NAME_LENGTH = 256;
const MAX_SECRET_LENGTH = 4096;
const MAX_AUDIENCE_LENGTH = 2048;
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
  'content-transfer-encoding',
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
  'trailers',
  'transfer-encoding',
  'upgrade',
]);
const RESERVED_PREFIXES = ['webhook-', 'signpost-'];

/** A URL in its one spelling, whatever spelling was sent. */
export const url = httpUrl()
  .meta({ format: 'uri', pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\\s\\\\]+([/?][^#\\s]*)?$' })
  .describe(
    'An http or https URL without credentials or fragment. It is stored as the WHATWG URL standard serializes it, without a dot at the end of the host.',
  );

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
  .meta({
    type: 'object',
    maxProperties: MAX_HEADERS,
    propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
    additionalProperties: {
      type: 'string',
      maxLength: MAX_HEADER_LENGTH,
      pattern: '^([\\x21-\\x7e\\x80-\\xff]([\\t\\x20-\\x7e\\x80-\\xff]*[\\x21-\\x7e\\x80-\\xff])?)?$',
    },
  })
  .describe(
    `Additional headers of every delivery and challenge, at most ${MAX_HEADERS}. Values are sealed at rest; \`***\` keeps the stored value.`,
  );

function headerFault(name: string, value: string): string | undefined {
  const lower = name.toLowerCase();
  if (RESERVED_HEADERS.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix)))
    return 'is set by Signpost or by HTTP';
  // RFC 9110 §5.5: they are no part of the value, so a receiver would get another one.
  if (/^[ \t]|[ \t]$/.test(value)) return 'must not have blanks at the ends of its value';
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return undefined;
  } catch {
    return 'is not a valid header';
  }
}

const pem = z
  .string()
  .min(1)
  .max(MAX_PEM_LENGTH)
  .refine((text) => /^(?:[^\p{Cc}\p{Cs}]|[\t\r\n])+$/u.test(text), 'expected PEM, without control characters')
  .meta({ pattern: '^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]+$' });

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

const secretNote = 'Write-only: `***` in answers. Sending `***` back keeps it.';

/** How requests to the receiver authenticate. */
export const authSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }),
    z.strictObject({
      type: z.literal('basic'),
      username: printableText(MAX_NAME_LENGTH)
        .refine((name) => !name.includes(':'), 'must not contain a colon (RFC 7617)')
        .meta({ pattern: '^[^:\\x00-\\x1f\\x7f-\\x9f]*$' }),
      password: printableText(MAX_SECRET_LENGTH).describe(secretNote),
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
      clientId: printableText(MAX_NAME_LENGTH, 1),
      clientSecret: printableText(MAX_SECRET_LENGTH, 1).describe(
        `${secretNote} With a new tokenUrl it must be sent again.`,
      ),
      scope: z
        .string()
        .max(MAX_SECRET_LENGTH)
        .regex(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'expected scopes separated by one space')
        .optional(),
      audience: printableText(MAX_AUDIENCE_LENGTH, 1).optional(),
    }),
  ])
  .meta({ id: 'ReceiverAuth' });
