import { z } from 'zod';
import type { Route } from '../../src/api/http/route';
import { allRoutes } from '../../src/api/routes';

/** All top-level fields of a route's body. */
export function fieldsOf(route: Route): string[] {
  const schema = z.toJSONSchema(route.body as z.ZodType, { io: 'input', unrepresentable: 'any' });
  return Object.keys(schema.properties ?? {});
}

/** Values of types that the field does not accept. */
export function wrongValues(route: Route, field: string): unknown[] {
  const { properties = {} } = z.toJSONSchema(route.body as z.ZodType, { io: 'input', unrepresentable: 'any' });
  const property = properties[field] as { type?: string; anyOf?: { type?: string }[] };
  const types = (property.anyOf ?? [property]).map(({ type }) => type);
  const candidates: [string, unknown][] = [
    ['string', 'text'],
    ['number', 7],
    ['boolean', true],
    ['array', ['x']],
    ['object', { x: 1 }],
  ];
  // A field of any type, such as a sample, has no wrong type.
  if (types.includes(undefined)) return [];
  return candidates
    .filter(([type]) => !types.includes(type) && !(type === 'number' && types.includes('integer')))
    .map(([, value]) => value);
}

/** A body that satisfies the route's schema, so that only the tested part is wrong. */
export function validBody(route: Route): Record<string, unknown> {
  const bodies: Record<string, Record<string, unknown>> = {
    'POST /v1/products': { name: 'P' },
    'POST /v1/customers': { name: 'C' },
    'POST /v1/subscriptions': { customerId: 'c', name: 'n', url: 'http://127.0.0.1:1/', eventTypes: ['*'] },
    'PUT /v1/customers/:id/subscriptions': { subscriptions: [] },
    'POST /v1/customers/:id/transform/dry-run': { type: 'a.happened.v1', transform: null },
    'POST /v1/events': { type: 'unknown.type.v1', data: {} },
    'POST /v1/events/batch': { events: [{}] },
    'POST /v1/events/:id/replay': { subscriptionId: 'sub_1' },
    'POST /v1/url-allowlist': { pattern: 'https://x.example' },
    'PATCH /v1/url-allowlist/:id': { status: 'approved' },
    'POST /v1/api-keys': { name: 'n', role: 'admin' },
    'POST /v1/recoveries': { filter: {} },
    'POST /v1/subscriptions/:id/recover': { since: '2026-01-02T03:04:05Z' },
  };
  return bodies[`${route.method.toUpperCase()} ${route.path}`] ?? {};
}

/** The routes without dependencies. Only their declarations are read. */
export function declaredRoutes(): Route[] {
  const nothing = {} as never;
  return allRoutes({
    role: 'all',
    db: nothing,
    keyedDb: nothing,
    authDb: nothing,
    readDb: nothing,
    sealer: nothing,
    authenticator: nothing,
    browserSessions: nothing,
    oidc: nothing,
    tokens: nothing,
    tally: nothing,
    settlement: nothing,
    metrics: nothing,
    limitMetrics: nothing,
    retention: nothing,
    allowedUrls: [],
    urlFault: () => undefined,
    features: nothing,
    acceptor: nothing,
    eventReader: nothing,
    responseWaiters: nothing,
    schemaChecks: nothing,
    sideThread: nothing,
    launcher: nothing,
    publicUrl: nothing,
    challengeSender: nothing,
    composer: nothing,
    control: nothing,
    recoveries: nothing,
    startErasure: nothing,
    activity: nothing,
    temporal: nothing,
    isStopping: () => false,
    servesMetrics: true,
    temporalUiUrl: undefined,
  });
}
