import type { Request } from 'express';
import { z } from 'zod';
import { changesOf } from '../../domain/audit';
import { MAX_SEARCH_KEYS } from '../../domain/search-keys';
import { tenantOf } from '../../domain/fairness';
import { LosslessJson } from '../../domain/lossless-json';
import { notFound, Problem } from '../../domain/problems';
import {
  archiveEventType,
  findEventType,
  listEventTypes,
  lockEventType,
  putEventType,
} from '../../store/catalog/event-types';
import { findProduct } from '../../store/catalog/products';
import { scopeOf } from '../auth/auth';
import { mayUse, productOfWrite, unknownProduct, withinSegment } from '../auth/own-products';
import { refuseInexactNumbers } from '../events/schema/refuse-inexact-numbers';
import { missingFields } from '../../domain/query-arguments';
import { findDefinition } from '../../store/catalog/service-definitions';
import type { Executor } from '../../store/db/database';
import { CUSTOMER_READERS, WRITERS } from '../http/roles';
import type { SideThread } from '../side-thread/side-thread';
import { route, type Route } from '../http/route';
import {
  capabilities,
  description,
  eventTypeName,
  givenId,
  pageOf,
  pageQuery,
  pageRequest,
  searchKeys,
  searchText,
  segmentFilter,
  timestamp,
} from '../schemas/schemas';

const params = z.object({ name: z.string() });
/** The fields that may change. */
const FIELDS = ['description', 'schema', 'sample', 'requires', 'searchKeys', 'archived'] as const;
const jsonSchema = z
  .custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'expected an object')
  .meta({
    type: 'object',
    description:
      'JSON Schema of `data`: draft 2020-12, or draft 07 if `$schema` names it. Patterns must be matchable in linear time.',
  });

const eventType = z
  .object({
    name: eventTypeName,
    productId: z.string(),
    description: z.string(),
    schema: z.record(z.string(), z.unknown()).nullable(),
    sample: z.unknown().describe('Sample data. Generated from the schema if none was given.'),
    requires: z.array(z.string()).describe('Capabilities that a customer must have to get its events.'),
    searchKeys: z.array(z.string()).describe('Paths into `data`. `q` finds events by the values at them.'),
    archived: z.boolean(),
    createdAt: timestamp,
    modifiedAt: timestamp,
  })
  .meta({ id: 'EventType' });

/** The catalog of event types. */
export function eventTypeRoutes(sideThread: Pick<SideThread, 'run'>): Route[] {
  /** The samples of requests whose transaction has not begun yet. */
  const samples = new WeakMap<Request, unknown>();
  return [
    route({
      method: 'put',
      path: '/v1/event-types/:name',
      summary: 'Create or replace an event type',
      description:
        'Replaces all fields of an existing event type except `requires` and `searchKeys`, which stay if they are absent. Restores an archived one.',
      tag: 'Event types',
      roles: WRITERS,
      params: z.object({ name: eventTypeName }),
      body: z.strictObject({
        productId: givenId
          .optional()
          .describe('Required for an admin and for a credential of a segment. Default: the product of the credential.'),
        description: description.default(''),
        schema: jsonSchema.nullable().default(null),
        sample: z.unknown().optional().describe('Must match the schema. Generated from it if absent, at most 64 KiB.'),
        requires: capabilities
          .optional()
          .describe(
            'Capabilities that a customer must have to subscribe to it and to get its events. If absent, they stay as they are; a new event type has none.',
          ),
        searchKeys: searchKeys
          .optional()
          .describe(
            `At most ${MAX_SEARCH_KEYS} SQL/JSON paths of members and array elements, such as \`$.order.id\` or \`$.lines[*].sku\`. Events accepted from now on are found by the texts and numbers at them, at most 20 of an event. If absent, they stay as they are.`,
          ),
      }),
      answers: {
        200: { description: 'The changed event type', schema: eventType },
        201: { description: 'The new event type', schema: eventType },
      },
      problems: [
        'already-exists',
        'invalid-schema',
        'sample-breaks-schema',
        'schema-breaks-service-definition',
        'unknown-product',
        'quota-exceeded',
        'too-many-requests',
      ],
      async beforeTransaction({ principal, body: { schema, sample }, request, admit, losslessBody }) {
        if (!schema) return void samples.set(request, sample ?? null);
        refuseInexactNumbers(losslessBody());
        const tenant = tenantOf(principal);
        await admit('schemas', tenant);
        samples.set(request, await sideThread.run(tenant, 'compile', { schema, sample }));
      },
      async handle({ db, principal, params: { name }, body, audit, losslessBody, checkQuota, request }) {
        const productId = productOfWrite(principal, body.productId, '/productId');
        if (productId === null) {
          throw new Problem('validation-failed', 'An admin credential has no product of its own. Send `productId`.', {
            errors: [{ path: '/productId', message: 'is required for an admin' }],
          });
        }
        if (!(await findProduct(db, productId))) throw unknownProduct('/productId');
        const sample = samples.get(request);
        const existing = await lockEventType(db, name);
        const sampleText = sample === null ? null : (losslessBody()?.at('sample') ?? JSON.stringify(sample));
        const { description, schema } = body;
        const sampleJson = sampleText === null ? null : new LosslessJson(sampleText);
        const requires = body.requires ?? existing?.requires ?? [];
        const searchKeys = body.searchKeys ?? existing?.searchKeys ?? [];
        const after = { description, schema, sample: sampleJson, requires, searchKeys, archived: false };
        const changes = changesOf(existing, after, FIELDS);
        if (existing?.productId === productId && Object.keys(changes).length === 0)
          return { status: 200, body: existing };
        if (!existing || existing.archived) await checkQuota('eventTypes', { customerId: null, productId });
        const type = { name, productId, description, schema, sample: sampleText, requires, searchKeys };
        const put = await putEventType(db, type);
        if (!put)
          throw new Problem('already-exists', 'Another product has an event type with this name.', {
            errors: [{ path: 'path/name', message: 'is already taken' }],
          });
        if (!put.created) await refuseMissingFields(db, put.eventType.name, body.schema);
        await audit(put.created ? 'event-type.create' : 'event-type.change', name, { productId, changes });
        return { status: put.created ? 201 : 200, body: put.eventType };
      },
    }),
    route({
      method: 'get',
      path: '/v1/event-types',
      summary: 'List event types',
      tag: 'Event types',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        productId: givenId.optional(),
        segment: segmentFilter,
        q: searchText.describe('Part of the name or description.').optional(),
        archived: z
          .enum(['true', 'false'])
          .transform((text) => text === 'true')
          .optional(),
      }),
      answers: { 200: { description: 'A page, sorted by name', schema: pageOf(eventType) } },
      async handle({ db, principal, query }) {
        const page = pageRequest(query, (key) => eventTypeName.safeParse(key).success);
        const scope = await withinSegment(db, scopeOf(principal), query.segment);
        return { status: 200, body: await listEventTypes(db, scope, query, page) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/event-types/:name',
      summary: 'Get an event type',
      tag: 'Event types',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The event type', schema: eventType } },
      problems: ['not-found'],
      async handle({ db, principal, params: { name } }) {
        const found = await findEventType(db, name, scopeOf(principal));
        if (!found) throw notFound('event type');
        return { status: 200, body: found };
      },
    }),
    route({
      method: 'post',
      path: '/v1/event-types/:name/archive',
      summary: 'Archive an event type',
      description: 'Events of an archived type are rejected. `PUT /v1/event-types/:name` restores it.',
      tag: 'Event types',
      roles: WRITERS,
      params,
      body: z.strictObject({}),
      answers: { 200: { description: 'The archived event type', schema: eventType } },
      problems: ['not-found'],
      async handle({ db, principal, params: { name }, audit }) {
        const before = await lockEventType(db, name);
        if (!before || !mayUse(principal, before.productId)) throw notFound('event type');
        if (before.archived) return { status: 200, body: before };
        await audit('event-type.archive', name, { productId: before.productId });
        return { status: 200, body: await archiveEventType(db, name) };
      },
    }),
  ];
}

/**
 * Rejects a schema that would break the saved service definition, whose attempts would then fail.
 */
async function refuseMissingFields(db: Executor, name: string, schema: object | null): Promise<void> {
  const definition = await findDefinition(db, name);
  const missing = missingFields(definition?.steps ?? [], schema);
  if (missing.length === 0) return;
  const fields = missing.join(', ');
  throw new Problem(
    'schema-breaks-service-definition',
    `The service definition of ${name} uses ${fields}. Keep this in the schema, or change the definition first.`,
    { errors: [{ path: '/schema', message: `lacks ${fields}` }] },
  );
}
