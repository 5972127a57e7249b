import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../../domain/problems';
import { problemSchema } from './problem-response';
import type { Route } from './route';

type Json = Record<string, unknown>;

/** Generates the OpenAPI 3.1 document of a list of routes. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method] = operation(route, components);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Signpost',
      version,
      description: 'Durable webhook notifications. Errors are RFC 9457 problems with a stable `code`.',
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
      schemas: components.schemas,
    },
  };
}

/** Collects the named schemas (`.meta({ id })`) that operations refer to. */
class Components {
  readonly schemas: Record<string, unknown> = {};

  schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $defs,
      $schema: _,
      ...rest
    } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json & { $defs?: Json };
    for (const [name, definition] of Object.entries($defs ?? {})) this.schemas[name] = toComponentRefs(definition);
    // A named schema is a reference to its definition, which was just collected.
    return toComponentRefs(rest) as Json;
  }
}

function toComponentRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toComponentRefs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'id' || typeof (value as Json).id !== 'string')
      .map(([key, inner]) => [
        key,
        key === '$ref' && typeof inner === 'string'
          ? inner.replace('#/$defs/', '#/components/schemas/')
          : toComponentRefs(inner),
      ]),
  );
}

function operation(route: Route, components: Components): Json {
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: route.description,
    tags: [route.tag],
    ...(route.roles === 'public' ? { security: [] } : { 'x-roles': route.roles }),
    parameters: parameters(route, components),
    ...(route.body
      ? {
          requestBody: {
            required: isRequired(route.body),
            content: Object.fromEntries(
              [...(route.takesForm ? ['application/x-www-form-urlencoded'] : []), 'application/json'].map((type) => [
                type,
                { schema: components.schemaOf(route.body!, 'input') },
              ]),
            ),
          },
        }
      : {}),
    responses: responses(route, components),
  };
}

/** `get /v1/subscriptions/:id/secret` is `getSubscriptionsByIdSecret`. */
function operationId(route: Route): string {
  const words = route.path
    .replace(/^\/v1/, '')
    .split(/[/._-]/)
    .filter(Boolean)
    .map((part) => (part.startsWith(':') ? `By${capital(part.slice(1))}` : capital(part)));
  return route.method + words.join('');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function isRequired(body: z.ZodType): boolean {
  return !body.safeParse({}).success;
}

function parameters(route: Route, components: Components): Json[] {
  const list: Json[] = [];
  for (const [where, schema] of [
    ['path', route.params],
    ['query', route.query],
  ] as const) {
    if (!schema) continue;
    const { properties = {}, required = [] } = components.schemaOf(schema, 'input') as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    for (const [name, property] of Object.entries(properties)) {
      const { description, ...rest } = property;
      list.push({ name, in: where, required: where === 'path' || required.includes(name), description, schema: rest });
    }
  }
  if (route.creates) {
    list.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'A repeat with the same key and body within 24 hours returns the first response.',
      schema: { type: 'string', maxLength: 255 },
    });
  }
  return list;
}

function responses(route: Route, components: Components): Json {
  const result: Record<string, Json> = {};
  const answers = Object.entries(route.answers) as [string, Route['answers'][number]][];
  for (const [status, { description, schema, contentType = 'application/json', lines }] of answers) {
    const content: Json = {};
    if (schema) content[contentType] = { schema: components.schemaOf(schema, 'output') };
    if (lines) content['application/x-ndjson'] = { schema: components.schemaOf(lines, 'output') };
    result[status] = schema ? { description, content } : { description };
  }
  for (const [status, codes] of problemsByStatus(route)) {
    const declared = result[status];
    const described = {
      description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}.`).join(' '),
      content: { 'application/problem+json': { schema: components.schemaOf(problemSchema, 'output') } },
    };
    if (status === 429) Object.assign(described, { headers: LIMIT_HEADERS });
    // The call may also declare an error response of its own for this status.
    result[status] = declared
      ? {
          description: `${String(declared.description)}. ${described.description}`,
          content: { ...(declared.content as Json), ...described.content },
        }
      : described;
  }
  return result;
}

/** Headers of a 429. */
const LIMIT_HEADERS = {
  'Retry-After': {
    description: 'Seconds after which the request may be repeated.',
    schema: { type: 'integer', minimum: 1 },
  },
  RateLimit: {
    description:
      'What is left of the limit that was met, and in how many seconds it is full again: `"requests";r=0;t=7`. Absent if a queue was full.',
    schema: { type: 'string' },
  },
  'RateLimit-Policy': {
    description:
      'The limit that was met and its window in seconds: `"requests";q=3000;w=10`. Absent if a queue was full.',
    schema: { type: 'string' },
  },
};

function problemsByStatus(route: Route): Map<number, ProblemCode[]> {
  const codes = new Set<ProblemCode>(route.problems ?? []);
  if (route.roles !== 'public') {
    codes.add('unauthenticated').add('forbidden').add('too-many-requests').add('database-unavailable');
  }
  if (route.body) codes.add('malformed-json').add('payload-too-large').add('unsupported-media-type');
  if (route.body || route.query) codes.add('validation-failed');
  if (route.query instanceof z.ZodObject && 'cursor' in route.query.shape) codes.add('invalid-cursor');
  if (route.needsRecentSignIn) codes.add('reauthentication-required');
  if (route.creates) codes.add('idempotency-key-conflict');
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const [status] = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}
