import type { z } from 'zod';
import { PROBLEMS } from '../../domain/problems';
import { IDEMPOTENCY_KEY_MAX_LENGTH } from '../http/idempotency';
import { problemSchema } from '../http/problem-response';
import { acceptsIdempotencyKey, continuesTrace, rolesOf, type Route } from '../http/route';
import type { Components, Json } from './components';
import { problemsByStatus } from './declared-problems';
import { exampleOf } from './examples';

/** The entry of a route in the OpenAPI document. */
export function operationOf(route: Route, components: Components): Json {
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: `${route.description ?? `${route.summary}.`}\n\n${accessOf(route)}`,
    tags: [route.tag],
    ...securityOf(route),
    parameters: parameters(route, components),
    ...(route.body ? { requestBody: requestBody(route, components) } : {}),
    responses: responses(route, components),
  };
}

function securityOf(route: Route): Json {
  const roles = rolesOf(route);
  if (!roles) return { security: [] };
  return {
    ...(route.roles === 'public' ? { security: [{}, { apiKey: [] }, { bearer: [] }] } : {}),
    'x-roles': roles,
  };
}

function accessOf({ roles }: Route): string {
  return roles === 'public' ? 'Needs no credential.' : `Roles: ${roles.map((role) => `\`${role}\``).join(', ')}.`;
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

function requestBody(route: Route, components: Components): Json {
  const body = route.body as z.ZodType;
  const schema = components.schemaOf(body, 'input');
  const types = [...(route.takesForm ? ['application/x-www-form-urlencoded'] : []), 'application/json'];
  const example = exampleOf(route);
  return {
    required: !body.safeParse({}).success,
    content: Object.fromEntries(types.map((type) => [type, { schema, ...(example ? { example } : {}) }])),
  };
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
  if (acceptsIdempotencyKey(route)) {
    list.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'A repeat with the same key and body within 24 hours returns the first response.',
      schema: { type: 'string', minLength: 1, maxLength: IDEMPOTENCY_KEY_MAX_LENGTH },
    });
  }
  if (continuesTrace(route)) {
    list.push({
      name: 'traceparent',
      in: 'header',
      required: false,
      description:
        'W3C Trace Context. The trace continues through each attempt to the receiver. An invalid value is ignored.',
      schema: { type: 'string' },
      example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
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
  const problem = { 'application/problem+json': { schema: components.schemaOf(problemSchema, 'output') } };
  for (const [status, codes] of problemsByStatus(route)) {
    const declared = result[status];
    const described = {
      description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}.`).join(' '),
      content: problem,
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
  // Calls that only redirect have no success of their own.
  if (!answers.some(([status]) => status.startsWith('2')))
    result.default = { description: `\`internal-error\`: ${PROBLEMS['internal-error'][1]}.`, content: problem };
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
