import { Problem } from '../../domain/problems';
import { compileSchema, sampleOf } from '../../api/events/json-schema';
import { find, type Client, type Json } from '../client';
import { schemaOfFields } from './fields';
import type { CatalogEntry } from './files';
import { stepFor, type Plan } from './plan';
import type { Fault } from './source';

/** An event type as the service answers it. */
export interface EventType extends Json {
  name: string;
  productId: string;
  description: string;
  schema: object | null;
  sample: unknown;
  archived: boolean;
}

/**
 * Plans the event types of a file, and finds what the service would refuse: a schema that is none, a sample that breaks it, another product's name.
 *
 * @param at - where the list stands in the file
 */
export async function planCatalog(
  client: Client,
  productId: string,
  entries: readonly CatalogEntry[],
  at: string,
): Promise<Plan & { faults: Fault[] }> {
  const plan: Plan & { faults: Fault[] } = { steps: [], calls: [], faults: [] };
  for (const [index, { name, description, fields, sample, ...rest }] of entries.entries()) {
    const schema = fields ? schemaOfFields(fields) : (rest.schema ?? null);
    const faults = faultsOf(schema, sample).map(({ path, message }) => ({ path: [at, index, ...path], message }));
    plan.faults.push(...faults);
    if (faults.length > 0) continue;
    const path = `/v1/event-types/${encodeURIComponent(name)}`;
    const found = await find<EventType>(client, path);
    if (found && found.productId !== productId) {
      plan.faults.push({ path: [at, index, 'name'], message: `belongs to the product ${found.productId}` });
      continue;
    }
    const wanted = { description, schema, sample: sample ?? (schema ? sampleOf(schema) : null), archived: false };
    const step = stepFor(`event type ${name}`, wanted, found);
    plan.steps.push(step);
    if (step.action !== 'unchanged')
      plan.calls.push(() =>
        client.request('PUT', path, { body: { productId, description, schema, sample } }).then(() => undefined),
      );
  }
  return plan;
}

function faultsOf(schema: object | null, sample: unknown): Fault[] {
  if (!schema) return [];
  try {
    const validate = compileSchema(schema);
    if (sample === undefined) return [];
    return validate(sample).map(({ path, message }) => ({
      path: ['sample', ...path.split('/').slice(1)],
      message,
    }));
  } catch (error) {
    if (error instanceof Problem) return [{ path: ['schema'], message: error.detail }];
    throw error;
  }
}
