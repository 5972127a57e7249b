import { matchesEventType } from '../../domain/event-type-pattern';
import { OWN_PRODUCT } from '../../domain/operational-events';
import type { Format } from '../../domain/types';
import type { EventType } from './catalog';
import type { Subscription } from './customer';
import type { Block } from './document';
import { fieldRows } from './fields';

/** Where a customer finds a subscription's secret, this once. */
export interface SecretLink {
  subscriptionId: string;
  url: string;
  expiresAt: string;
}

/** What the sheet is made from. */
export interface HandOver {
  customer: { id: string; name: string; productId?: string; retrySchedule: readonly number[] };
  subscriptions: readonly Subscription[];
  catalog: readonly EventType[];
  links: readonly SecretLink[];
}

/** What a customer has to know to receive notifications, as a document. It holds no secret. */
export function handOverSheet({ customer, subscriptions, catalog, links }: HandOver): Block[] {
  const types = catalog.filter(
    ({ name, archived, productId }) =>
      !archived &&
      (customer.productId === undefined ? productId !== OWN_PRODUCT : productId === customer.productId) &&
      subscriptions.some(({ eventTypes }) => matchesEventType(eventTypes, name)),
  );
  return [
    { heading: 1, text: `Webhook notifications for ${customer.name}` },
    { text: 'Signpost sends an HTTP request to your endpoint whenever one of the events below happens.' },
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
      columns: ['Name', 'Request', 'Events', 'Format', 'Answer within'],
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
      text: 'A secret signs what is sent to one endpoint. Each link shows its secret once and then never again: open it when you can store the secret. If a link was used by somebody else or has expired, ask for a new secret.',
    },
    {
      columns: ['Name', 'Link', 'Expires'],
      rows: subscriptions.map(({ id, name }) => {
        const link = links.find(({ subscriptionId }) => subscriptionId === id);
        return [name, link?.url ?? 'as agreed', link?.expiresAt ?? '-'];
      }),
    },
  ];
}

/** Where the fields of an event are in a request, and what a format has beside the signature that all have. */
const BODIES: Record<Format, string> = {
  standard: 'The body is {"type", "timestamp", "data"}; the fields below are in data.',
  envelope:
    'The body is {"payload": {"details", "messageId", "timestamp"}, "signature", "payloadAsString"}; the fields below are in details, beside messageType. signature is the hexadecimal HMAC-SHA256 of payloadAsString; its key is the text of the secret.',
  trigger:
    'The body says which webhook was triggered, for which account and when; the fields below are in data.event. The header Authorization carries a JWT (HS256) of the same; its key is the text of the secret.',
  flat: 'The fields below are the body, beside secret, which is the secret itself.',
};

function bodies(subscriptions: readonly Subscription[]): Block[] {
  const used = [...new Set(subscriptions.map(({ format }) => format))];
  return [
    { heading: 2, text: 'What a request holds' },
    ...used.map((format) => ({ text: used.length > 1 ? `Format ${format}: ${BODIES[format]}` : BODIES[format] })),
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
          : [{ text: 'Its data may be any JSON object.' }]),
        ...(sample === null ? [] : [{ text: 'Sample of its data:' }, { code: JSON.stringify(sample, null, 2) }]),
      ];
    }),
  ];
}

const SIGNATURE: Block[] = [
  { heading: 2, text: 'How to check a signature' },
  {
    text: 'Every request carries the headers of Standard Webhooks (standardwebhooks.com), for which there are libraries in most languages.',
  },
  {
    columns: ['Header', 'Holds'],
    rows: [
      ['webhook-id', 'Id of the event: the same in every repetition, so keep it to drop what you have had.'],
      ['webhook-timestamp', 'Unix seconds of this attempt. Refuse what is older than five minutes.'],
      ['webhook-signature', 'One or more signatures, separated by spaces; one that fits is enough.'],
    ],
  },
  {
    text: 'A signature is v1, and the base64 of HMAC-SHA256 over "<webhook-id>.<webhook-timestamp>.<body as received>". The key is what follows whsec_ in the secret, decoded from base64; a secret without that prefix is the key as it stands, which the libraries call raw. In JavaScript:',
  },
  {
    code: `import { Webhook } from 'standardwebhooks';

// rawBody is the request's body as text, before any parsing.
const event = new Webhook(process.env.WEBHOOK_SECRET).verify(rawBody, request.headers);`,
  },
];

function retries(schedule: readonly number[], subscriptions: readonly Subscription[]): Block[] {
  const own = subscriptions.filter(({ retrySchedule }) => retrySchedule !== null);
  return [
    { heading: 2, text: 'Retries' },
    {
      text: 'Any answer with a status of 200 to 299 is success; what you do with the event, do after answering. Anything else, or no answer in time, is repeated:',
    },
    {
      items: [
        `${retryText(schedule)}.`,
        ...own.map(({ name, retrySchedule }) => `For ${name}: ${retryText(retrySchedule ?? [])}.`),
        'Redirects are not followed. 410 Gone ends the subscription. Retry-After of a 429 or 503 is respected.',
      ],
    },
    { text: 'Delivery is at least once, and not always in order.' },
  ];
}

/** A schedule in words. */
export function retryText(schedule: readonly number[]): string {
  if (schedule.length === 0) return 'There are no retries';
  return `A failed attempt is repeated after ${schedule.map(duration).join(', then ')}, and then no more`;
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
  { heading: 2, text: 'The challenge' },
  {
    text: 'To prove that an endpoint is yours, Signpost may send it GET with the query parameter crc_token. Answer 200 within ten seconds with JSON whose response_token is sha256= and the base64 of HMAC-SHA256 over the token; its key is the text of the secret, with its prefix:',
  },
  {
    code: `const { crc_token } = request.query;
// Anybody may call the URL: a text of their choice must not be signed.
if (!/^[\\w-]{1,200}$/.test(crc_token)) return response.sendStatus(401);
const token = createHmac('sha256', secret).update(crc_token).digest('base64');
response.json({ response_token: 'sha256=' + token });`,
  },
];
