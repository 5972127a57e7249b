import { Problem } from '../../domain/problems';
import { compileSchema, sampleOf } from '../../api/events/json-schema';
import { find, type Client, type Json } from '../client';
import { schemaOfFields } from './fields';
import type { CatalogEntry } from './files';
import { stepFor, type Plan } from './plan';
import type { Issue } from './source';

/** An event type in a response of the API. */
export interface EventType extends Json {
  name: string;
  productId: string;
  description: string;
  schema: object | null;
  sample: unknown;
  archived: boolean;
}

/**
 * Plans the event types of a file. Reports what the service would refuse: an invalid schema, a
 * sample that does not match its schema, the name of another product's event type.
 *
 * @param field - name of the list in the file
 */
export async function planCatalog(
  client: Client,
  productId: string,
  entries: readonly CatalogEntry[],
  field: string,
): Promise<Plan & { issues: Issue[] }> {
  const plan: Plan & { issues: Issue[] } = { steps: [], calls: [], issues: [] };
  for (const [index, { name, description, fields, sample, ...rest }] of entries.entries()) {
    const schema = fields ? schemaOfFields(fields) : (rest.schema ?? null);
    const issues = issuesOf(schema, sample).map(({ path, message }) => ({ path: [field, index, ...path], message }));
    plan.issues.push(...issues);
    if (issues.length > 0) continue;
    const path = `/v1/event-types/${encodeURIComponent(name)}`;
    const found = await find<EventType>(client, path);
    if (found && found.productId !== productId) {
      plan.issues.push({
        path: [field, index, 'name'],
        message: `already belongs to product ${found.productId}; choose another name`,
      });
      continue;
    }
    const desired = { description, schema, sample: sample ?? (schema ? sampleOf(schema) : null), archived: false };
    const step = stepFor(`event type ${name}`, desired, found);
    plan.steps.push(step);
    if (step.action !== 'unchanged')
      plan.calls.push(() =>
        client.request('PUT', path, { body: { productId, description, schema, sample } }).then(() => undefined),
      );
  }
  return plan;
}

function issuesOf(schema: object | null, sample: unknown): Issue[] {
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
