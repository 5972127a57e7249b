import type { BodyEncryption } from '../../../src/domain/body-encryption';
import { matchesEventType } from '../../../src/domain/event-type-pattern';
import { OWN_PRODUCT } from '../../../src/domain/operational-events';
import type { Format } from '../../../src/domain/types';
import type { EventType } from './catalog';
import type { Subscription } from './customer';
import type { Block } from './document';
import { fieldRows } from './fields';

/** A link that shows the secret of a subscription once. */
export interface SecretLink {
  subscriptionId: string;
  url: string;
  expiresAt: string;
}

/** Content of the hand-over sheet. */
export interface HandOver {
  customer: { id: string; name: string; productId?: string; retrySchedule: readonly number[] };
  subscriptions: readonly Subscription[];
  catalog: readonly EventType[];
  links: readonly SecretLink[];
}

/**
 * Writes the page with which a customer's developers build a receiver. It contains links to the
 * secrets, but no secrets.
 */
export function handOverSheet({ customer, subscriptions, catalog, links }: HandOver): Block[] {
  const types = catalog.filter(
    ({ name, archived, productId }) =>
      !archived &&
      (customer.productId === undefined ? productId !== OWN_PRODUCT : productId === customer.productId) &&
      subscriptions.some(({ eventTypes }) => matchesEventType(eventTypes, name)),
  );
  return [
    { heading: 1, text: `Webhook notifications for ${customer.name}` },
    { text: 'Signpost sends an HTTP request to your endpoint when one of the events below happens.' },
    ...endpoints(subscriptions),
    ...secrets(subscriptions, links),
    ...bodies(subscriptions),
    ...events(types),
    ...SIGNATURE,
    ...retries(customer.retrySchedule, subscriptions),
    ...CHALLENGE,
  ];
}

function endpoints(subscriptions: readonly Subscription[]): Block[] {
  return [
    { heading: 2, text: 'Your endpoints' },
    {
      columns: ['Name', 'Request', 'Events', 'Format', 'Timeout'],
      rows: subscriptions.map(({ name, method, url, eventTypes, format, timeoutSeconds }) => [
        name,
        `${String(method)} ${url}`,
        eventTypes.join(', '),
        format,
        `${String(timeoutSeconds)} s`,
      ]),
    },
  ];
}

function secrets(subscriptions: readonly Subscription[], links: readonly SecretLink[]): Block[] {
  return [
    { heading: 2, text: 'Your secrets' },
    {
      text: 'Signpost signs the requests to each endpoint with a secret. A link shows its secret only once, so open it when you are ready to store the secret. If a link has expired or someone else has used it, request a new secret.',
    },
    {
      columns: ['Name', 'Link', 'Expires'],
      rows: subscriptions.map(({ id, name }) => {
        const link = links.find(({ subscriptionId }) => subscriptionId === id);
        return [name, link?.url ?? 'agreed separately', link?.expiresAt ?? '-'];
      }),
    },
  ];
}

/**
 * For each format, where a request contains the fields of an event, and what it adds to the common
 * signature.
 */
const BODIES: Record<Format, string> = {
  standard: 'The body is {"id", "type", "timestamp", "data"}. The fields listed below are in data.',
  envelope:
    'The body is {"payload": {"details", "messageId", "timestamp"}, "signature", "payloadAsString"}. The fields listed below are in details, next to messageType. signature is the HMAC-SHA256 of payloadAsString in hexadecimal. Its key is the text of the secret.',
  trigger:
    'The body contains the webhook, the account, and the time. The fields listed below are in data.event. The header Authorization contains a JWT (HS256) with the same content. Its key is the text of the secret.',
  flat: 'The body contains the fields listed below and the field secret, which is the secret itself.',
};

function encrypted(name: string, { publicKey, algorithm }: BodyEncryption): string {
  const key = publicKey.kid === undefined ? 'your public key' : `your public key ${publicKey.kid}`;
  return `Requests to ${name} are encrypted with ${key}: the body is a compact JWE (${algorithm}, A256GCM) with the content type application/jose. The signature covers the body as received. Verify it first, with a library that does not parse the body, then decrypt the body.`;
}

function bodies(subscriptions: readonly Subscription[]): Block[] {
  const used = [...new Set(subscriptions.map(({ format }) => format))];
  return [
    { heading: 2, text: 'Request body' },
    ...used.map((format) => ({ text: used.length > 1 ? `Format ${format}: ${BODIES[format]}` : BODIES[format] })),
    ...subscriptions.flatMap(({ name, encryption }): Block[] =>
      encryption ? [{ text: encrypted(name, encryption) }] : [],
    ),
  ];
}

function events(types: readonly EventType[]): Block[] {
  return [
    { heading: 2, text: 'Events' },
    ...types.flatMap(({ name, description, schema, sample }): Block[] => {
      const rows = fieldRows(schema);
      return [
        { heading: 3, text: name },
        ...(description ? [{ text: description }] : []),
        ...(rows.length > 0
          ? [
              {
                columns: ['Field', 'Type', 'Required', 'Description'],
                rows: rows.map((row) => [row.name, row.type, row.required ? 'yes' : 'no', row.description]),
              },
            ]
          : [{ text: 'The data can be any JSON object.' }]),
        ...(sample === null ? [] : [{ text: 'Sample data:' }, { code: JSON.stringify(sample, null, 2) }]),
      ];
    }),
  ];
}

const SIGNATURE: Block[] = [
  { heading: 2, text: 'Verify the signature' },
  {
    text: 'Every request has the headers of Standard Webhooks (standardwebhooks.com). There are libraries for most languages.',
  },
  {
    columns: ['Header', 'Contents'],
    rows: [
      ['webhook-id', 'Id of the event. It is the same in every retry: store it to detect duplicates.'],
      [
        'webhook-timestamp',
        'Time of this attempt, in Unix seconds. Reject requests that are more than five minutes old.',
      ],
      ['webhook-signature', 'One or more signatures, separated by spaces. Accept the request if one of them is valid.'],
    ],
  },
  {
    text: 'A signature is "v1," followed by the base64 of the HMAC-SHA256 of "<webhook-id>.<webhook-timestamp>.<body as received>". The key is the part of the secret after whsec_, decoded from base64. If the secret does not start with whsec_, its text is the key; the libraries call this format raw. In JavaScript:',
  },
  {
    code: `import { Webhook } from 'standardwebhooks';

// rawBody is the body of the request as text, before any parsing.
const event = new Webhook(process.env.WEBHOOK_SECRET).verify(rawBody, request.headers);`,
  },
];

function retries(schedule: readonly number[], subscriptions: readonly Subscription[]): Block[] {
  const own = subscriptions.filter(({ retrySchedule }) => retrySchedule !== null);
  return [
    { heading: 2, text: 'Retries' },
    {
      text: 'A response with status 200 to 299 is a success. Respond first and process the event afterwards. Any other response is a failure, and so is no response within the timeout.',
    },
    {
      items: [
        `Retries: ${retryText(schedule)}.`,
        ...own.map(({ name, retrySchedule }) => `Retries for ${name}: ${retryText(retrySchedule ?? [])}.`),
        'Signpost does not follow redirects. It respects Retry-After in a response with status 429 or 503. A response with status 410 disables the endpoint.',
      ],
    },
    { text: 'An event can arrive more than once, and events can arrive out of order.' },
  ];
}

/** Describes a retry schedule in words. */
function retryText(schedule: readonly number[]): string {
  if (schedule.length === 0) return 'none';
  return `up to ${schedule.length}, after ${schedule.map(duration).join(', then ')}`;
}

function duration(seconds: number): string {
  const [amount, unit] =
    seconds % 3600 === 0
      ? [seconds / 3600, 'hour']
      : seconds % 60 === 0
        ? [seconds / 60, 'minute']
        : [seconds, 'second'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

const CHALLENGE: Block[] = [
  { heading: 2, text: 'Answer the challenge' },
  {
    text: 'To check that an endpoint is yours, Signpost can send it a GET request with the query parameter crc_token. Respond within ten seconds with status 200 and a JSON object. Its response_token is "sha256=" followed by the base64 of the HMAC-SHA256 of the token. The key is the text of the secret, including its prefix:',
  },
  {
    code: `const { crc_token } = request.query;
// Anyone can call the URL, so do not sign arbitrary text.
if (!/^[\\w-]{1,200}$/.test(crc_token)) return response.sendStatus(401);
const token = createHmac('sha256', secret).update(crc_token).digest('base64');
response.json({ response_token: 'sha256=' + token });`,
  },
];
