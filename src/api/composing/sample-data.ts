import { Problem } from '../../domain/problems';
import { findTypeOfSubscription, type TriggerableType } from '../../store/catalog/event-types';
import { findDefinition } from '../../store/catalog/service-definitions';
import { scopeOf } from '../auth/auth';
import { compileSchema } from '../events/json-schema';
import { type Context } from '../http/route';
import { jsonObject } from '../schemas/schemas';

/** The type that a sample is to be of. @throws Problem unknown-event-type */
export async function typeOf(
  context: Context,
  subscriptionId: string,
  name: string | undefined,
): Promise<TriggerableType> {
  const type = await findTypeOfSubscription(context.db, subscriptionId, scopeOf(context.principal), name);
  if (!type) {
    const message =
      name === undefined ? 'the subscription gets none that is in the catalog' : 'the subscription does not get it';
    throw new Problem('unknown-event-type', `There is no such event type to trigger: ${message}.`, {
      errors: [{ path: '/type', message }],
    });
  }
  return type;
}

/**
 * What is to be sent: the given data, or else the type's sample. Where a service definition looks the data up, a customer may not choose it: it would
 * read the rows of others.
 *
 * @returns JSON text
 * @throws Problem data-breaks-schema, also where the sample is nothing that an event could hold; forbidden
 */
export async function sampleData(
  { db, principal, written }: Pick<Context, 'db' | 'principal' | 'written'>,
  type: TriggerableType,
  given: object | undefined,
): Promise<string> {
  if (given && principal.role === 'customer' && (await findDefinition(db, type.name))?.steps.length)
    throw new Problem('forbidden', `What is sent of ${type.name} is looked up: leave data out, to use its sample.`);
  return checkedData(type, given, given ? written()?.at('data') : type.sample?.at());
}

function checkedData(
  { name, schema, sample }: TriggerableType,
  given: object | undefined,
  written: string | undefined,
): string {
  const data = jsonObject.safeParse(given ?? sample?.value() ?? {});
  const errors = data.success
    ? schema
      ? compileSchema(schema)(data.data)
      : []
    : [{ path: '', message: 'expected an object' }];
  if (errors.length > 0) {
    const detail = given
      ? `The data is not as the schema of ${name} has it.`
      : `${name} has no sample that can be sent: give data.`;
    throw new Problem('data-breaks-schema', detail, {
      errors: errors.map(({ path, message }) => ({ path: `/data${path}`, message })),
    });
  }
  return written ?? JSON.stringify(data.data);
}
