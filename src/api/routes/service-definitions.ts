import { z } from 'zod';
import { MAX_COMPOSE_MS, type Composition, type EvaluationOwner, type ServiceDefinition } from '../../domain/composing';
import { changesOf } from '../../domain/audit';
import { encodeId, newUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import type { EventType } from '../../domain/types';
import { findEventType } from '../../store/catalog/event-types';
import { deleteDefinition, findDefinition, putDefinition } from '../../store/catalog/service-definitions';
import { answeringComposeErrors } from '../composing/composing-problems';
import { definitionSchema, savedDefinitionSchema } from '../schemas/composing-schemas';
import type { Composer } from '../ports';
import { route, type Context, type Route } from '../http/route';
import { givenId, jsonObject, printableText } from '../schemas/schemas';

const params = z.object({ name: z.string() });
const PATH = '/v1/event-types/:name/service-definition';
const TAG = 'Service definitions';
/** Admins only, because the data sources belong to the operator. */
const ROLES = ['admin'] as const;

/** Service definitions: queries that compute the body of an event type's notifications. */
export function serviceDefinitionRoutes(composer: Composer): Route[] {
  return [
    route({
      method: 'put',
      path: PATH,
      summary: 'Set the service definition of an event type',
      description:
        'Takes effect from the next attempt on, for all subscriptions. Before it is saved, its queries are parsed and planned on their data sources.',
      tag: TAG,
      roles: ROLES,
      params,
      body: definitionSchema,
      answers: {
        200: { description: 'The changed service definition', schema: savedDefinitionSchema },
        201: { description: 'The new service definition', schema: savedDefinitionSchema },
      },
      problems: ['not-found', 'invalid-service-definition', 'data-source-unavailable'],
      async beforeTransaction(context) {
        await refuseFaults(composer, context.body, await eventTypeOf(context));
      },
      async handle(context) {
        const type = await eventTypeOf(context);
        const { name, productId } = type;
        const before = await findDefinition(context.db, name);
        const changes = changesOf(before, context.body, ['steps', 'transform']);
        if (before && Object.keys(changes).length === 0) return { status: 200, body: before };
        const { saved, created } = await putDefinition(context.db, name, context.body);
        const action = created ? 'service-definition.create' : 'service-definition.change';
        await context.audit(action, name, { productId, changes });
        return { status: created ? 201 : 200, body: saved };
      },
    }),
    route({
      method: 'get',
      path: PATH,
      summary: 'Get the service definition of an event type',
      tag: TAG,
      roles: ROLES,
      params,
      answers: { 200: { description: 'The service definition', schema: savedDefinitionSchema } },
      problems: ['not-found'],
      async handle({ db, params: { name } }) {
        const found = await findDefinition(db, name);
        if (!found) throw notFound('service definition');
        return { status: 200, body: found };
      },
    }),
    route({
      method: 'delete',
      path: PATH,
      summary: 'Delete the service definition of an event type',
      description: 'From the next attempt on, the data of the events is sent again.',
      tag: TAG,
      roles: ROLES,
      params,
      answers: { 204: { description: 'The service definition is deleted', schema: null } },
      problems: ['not-found'],
      async handle({ db, params: { name }, audit }) {
        const { productId } = (await findEventType(db, name, {})) ?? {};
        if (!(await deleteDefinition(db, name))) throw notFound('service definition');
        await audit('service-definition.delete', name, { productId });
        return { status: 204 };
      },
    }),
    route({
      method: 'post',
      path: `${PATH}/dry-run`,
      summary: 'Dry-run a service definition',
      description:
        'Returns what would be sent in place of the data of a sample. In format `flat` this is the whole body. Nothing is saved or sent.',
      tag: TAG,
      roles: ROLES,
      params,
      body: z.strictObject({
        definition: definitionSchema.optional().describe('The definition to try. Default: the saved one.'),
        data: jsonObject.optional().describe('Data of the event. Default: the sample of the event type.'),
        customerId: givenId.default('customer'),
        secret: printableText(256, 1).default('secret').describe('Used as `$secret`.'),
      }),
      answers: {
        200: {
          description: 'The result',
          schema: z.object({ body: z.string().describe('The result as JSON text.') }),
        },
      },
      problems: ['not-found', 'invalid-service-definition', 'not-composed', 'data-source-unavailable'],
      // The handler waits for data sources outside any transaction.
      ownTransaction: true,
      async handle(context) {
        const { body } = context;
        const type = await eventTypeOf(context);
        const definition = body.definition ?? (await findDefinition(context.db, type.name));
        if (!definition) throw notFound('service definition');
        if (body.definition) await refuseFaults(composer, body.definition, type, '/definition');
        const given = body.data && (context.losslessBody()?.at('data') ?? JSON.stringify(body.data));
        const composition = sampleComposition(type, definition, { ...body, data: given });
        const { data } = await answeringComposeErrors(() => composer.compose(composition, MAX_COMPOSE_MS));
        return { status: 200, body: { body: data } };
      },
    }),
  ];
}

async function eventTypeOf({ db, params }: Context<{ name: string }>): Promise<EventType> {
  const type = await findEventType(db, params.name, {});
  if (!type) throw notFound('event type');
  return type;
}

/** @throws Problem invalid-service-definition, data-source-unavailable, too-many-requests */
async function refuseFaults(
  composer: Composer,
  definition: ServiceDefinition,
  { name, schema }: EventType,
  where = '',
): Promise<void> {
  const faults = await answeringComposeErrors(() => composer.checkDefinition(definition, schema, ownerOf(name)));
  if (faults.length === 0) return;
  throw new Problem('invalid-service-definition', faults[0]!.message, {
    errors: faults.map(({ path, message }) => ({ path: where + path, message })),
  });
}

function sampleComposition(
  { name, sample }: EventType,
  definition: ServiceDefinition,
  { data, customerId, secret }: { data?: string; customerId: string; secret: string },
): Composition {
  const event = {
    id: encodeId('evt', newUuid()),
    type: name,
    timestamp: new Date().toISOString(),
    data: data ?? (jsonObject.safeParse(sample?.value()).success ? sample!.at()! : '{}'),
    user: null,
    channels: [],
    chosenByCustomer: false,
  };
  return { event, customerId, definition, transform: null, owner: ownerOf(name), secret: () => secret };
}

/**
 * What operators try takes turns with customers as if it were one of them. A space is in no
 * customer's id.
 */
function ownerOf(eventType: string): EvaluationOwner {
  return { customer: 'the operators', subscription: eventType };
}
