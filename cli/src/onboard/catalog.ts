import type { ItemOf } from '@signpost/sdk';
import { compileSchema, sampleOf } from '../../../src/api/events/json-schema';
import { Problem } from '../../../src/domain/problems';
import { definedOnly } from '../arguments';
import { find, type Client } from '../client';
import { schemaOfFields } from './fields';
import type { CatalogEntry } from './files';
import { stepFor, type Plan } from './plan';
import type { Issue } from './source';

/** An event type in a response of the API. */
export type EventType = ItemOf<'/v1/event-types'>;

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
  for (const [index, { name, description, fields, sample, requires, searchKeys, ...rest }] of entries.entries()) {
    const schema = fields ? schemaOfFields(fields) : (rest.schema ?? null);
    const issues = issuesOf(schema, sample).map(({ path, message }) => ({ path: [field, index, ...path], message }));
    plan.issues.push(...issues);
    if (issues.length > 0) continue;
    const found = await find(client.eventTypes.get(name));
    if (found && found.productId !== productId) {
      plan.issues.push({
        path: [field, index, 'name'],
        message: `already belongs to product ${found.productId}; choose another name`,
      });
      continue;
    }
    const desired = {
      description,
      schema,
      sample: sample ?? (schema ? sampleOf(schema) : null),
      requires,
      searchKeys,
      archived: false,
    };
    const step = stepFor(`event type ${name}`, desired, found);
    plan.steps.push(step);
    if (step.action !== 'unchanged')
      plan.calls.push(() =>
        client.eventTypes
          .put(name, definedOnly({ productId, description, schema, sample, requires, searchKeys }))
          .then(() => undefined),
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
