import type { Route } from '../http/route';
import { Components, type Json } from './components';
import { deliveryWebhooks } from './deliveries';
import { operationOf } from './operation';
import { TAGS } from './tags';

/** Generates the OpenAPI 3.1 document of a list of routes. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method] = operationOf(route, components);
  }
  const webhooks = deliveryWebhooks(components);
  const used = new Set([...routes.map((route) => route.tag), 'Deliveries']);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Signpost',
      version,
      description: DESCRIPTION,
      contact: { name: 'The operator of this Signpost' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This Signpost.' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    tags: [...used].map((name) => ({ name, description: TAGS[name] })),
    paths,
    webhooks,
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' },
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, or an access token of `POST /oauth/token`.',
        },
      },
      schemas: components.schemas,
    },
  };
}

const DESCRIPTION = [
  'Durable webhook notifications.',
  'Errors are RFC 9457 problems with a stable `code`. Besides what an operation lists, any call may return 405 `method-not-allowed` for another method, 500 `internal-error`, and, if it is no valid HTTP or too slow, 400, 408, 413 or 431.',
  '`webhooks` lists what receivers get. `GET /asyncapi.json` describes it with the event types of the caller.',
].join('\n\n');
