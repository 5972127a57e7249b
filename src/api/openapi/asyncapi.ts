import type { EventType } from '../../domain/types';
import { Components, type Json } from './components';
import { DELIVERIES, DELIVERY_HEADERS } from './deliveries';

/**
 * Generates the AsyncAPI 3 document of what a receiver gets: the formats, and each event type in
 * format `standard` with the schema of its data.
 */
export function asyncApiDocument(eventTypes: readonly EventType[], version: string): Json {
  const components = new Components();
  const messages: Json = {};
  for (const { name, summary, body, example } of Object.values(DELIVERIES))
    messages[name] = message(name, `${summary}.`, components.schemaOf(body, 'output'), example);
  for (const type of eventTypes) {
    messages[`event.${type.name}`] = typeMessage(type);
    if (type.schema) components.schemas[`data.${type.name}`] = placed(type.name, type.schema);
  }
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Signpost deliveries',
      version,
      description:
        'What receivers get from Signpost. With a credential, the document also lists the event types that it may see, in format `standard`; the other formats contain the same data.',
      contact: { name: 'The operator of this Signpost' },
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT' },
      tags: [{ name: 'Deliveries', description: 'What receivers get from Signpost.' }],
    },
    defaultContentType: 'application/json',
    servers: {
      receiver: {
        host: '{host}',
        protocol: 'https',
        description: 'Whatever host the URL of a subscription names.',
        variables: { host: { description: 'The host of the URL.', default: 'receiver.example.com' } },
      },
    },
    channels: {
      receiver: {
        description: 'The URL of a subscription.',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations: {
      receiveDelivery: {
        action: 'receive',
        channel: { $ref: '#/channels/receiver' },
        title: 'Receive a delivery',
        description: 'Answer with a 2xx within the timeout of the subscription. Any other response is retried.',
        security: [{ $ref: '#/components/securitySchemes/signature' }],
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
      },
    },
    components: {
      messages,
      schemas: components.schemas,
      securitySchemes: {
        signature: {
          type: 'httpApiKey',
          in: 'header',
          name: 'webhook-signature',
          description: 'Verify it with the secret of the subscription (Standard Webhooks).',
        },
      },
    },
  };
}

const HEADERS = {
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(DELIVERY_HEADERS).map(([name, { description, schema }]) => [name, { ...schema, description }]),
  ),
  required: Object.keys(DELIVERY_HEADERS),
};

function message(title: string, summary: string, payload: Json, example?: Json): Json {
  return {
    name: title,
    title,
    summary,
    contentType: 'application/json',
    headers: HEADERS,
    payload,
    ...(example ? { examples: [{ name: 'example', payload: example }] } : {}),
  };
}

function typeMessage({ name, description, schema }: EventType): Json {
  const { properties, ...rest } = STANDARD;
  const data = schema ? { $ref: refOf(name) } : properties.data;
  return message(name, description || `An event of type ${name}.`, {
    ...rest,
    properties: { ...properties, type: { const: name }, data },
  });
}

/** The schema of format `standard`, which the types narrow. */
const STANDARD = (() => {
  const components = new Components();
  components.schemaOf(DELIVERIES.standard.body, 'output');
  return components.schemas[DELIVERIES.standard.name] as Json & { properties: Json };
})();

const refOf = (name: string) => `#/components/schemas/data.${name}`;

/** The schema of an event type as a part of the document: its references to itself move with it. */
function placed(name: string, schema: object): unknown {
  const { $id: _, $schema: __, ...rest } = schema as Json;
  return movedTo(refOf(name), rest);
}

function movedTo(place: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => movedTo(place, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? inner.replace(/^#(?=\/|$)/, place) : movedTo(place, inner),
    ]),
  );
}
