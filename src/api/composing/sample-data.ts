import { Problem } from '../../domain/problems';
import { findTypeOfSubscription, type TriggerableType } from '../../store/catalog/event-types';
import { findDefinition } from '../../store/catalog/service-definitions';
import { scopeOf } from '../auth/auth';
import { compileStoredSchema } from '../events/json-schema';
import { type Context } from '../http/route';
import { jsonObject } from '../schemas/schemas';

/**
 * Finds the event type of a sample.
 *
 * @param name - absent: one of the types that the subscription receives
 * @throws Problem unknown-event-type
 */
export async function typeOf(
  context: Context,
  subscriptionId: string,
  name: string | undefined,
): Promise<TriggerableType> {
  const type = await findTypeOfSubscription(context.db, subscriptionId, scopeOf(context.principal), name);
  if (!type) {
    const message =
      name === undefined
        ? 'the subscription receives no event type of the catalog'
        : 'the subscription does not receive this event type';
    throw new Problem('unknown-event-type', `No event type can be triggered: ${message}.`, {
      errors: [{ path: '/type', message }],
    });
  }
  return type;
}

/**
 * The data to send: the given data, or the sample of the type. If a service definition looks up the
 * data, a customer must use the sample: chosen data could select the rows of other customers.
 *
 * @returns JSON text
 * @throws Problem data-breaks-schema, also if the sample does not match the schema; forbidden
 */
export async function sampleData(
  { db, principal, losslessBody }: Pick<Context, 'db' | 'principal' | 'losslessBody'>,
  type: TriggerableType,
  given: object | undefined,
): Promise<string> {
  if (given && principal.role === 'customer' && (await findDefinition(db, type.name))?.steps.length)
    throw new Problem(
      'forbidden',
      `A service definition looks up the data of ${type.name}. Omit data to send the sample.`,
    );
  return checkedData(type, given, given ? losslessBody()?.at('data') : type.sample?.at());
}

/** Whether the caller is a customer that chose the data. See `Composition`. */
export function isChosenByCustomer({ principal }: Pick<Context, 'principal'>, given: object | undefined): boolean {
  return principal.role === 'customer' && given !== undefined;
}

function checkedData(
  { name, schema, sample }: TriggerableType,
  given: object | undefined,
  written: string | undefined,
): string {
  const data = jsonObject.safeParse(given ?? sample?.value() ?? {});
  const errors = data.success
    ? schema
      ? compileStoredSchema(schema).validate(data.data)
      : []
    : [{ path: '', message: 'expected an object' }];
  if (errors.length > 0) {
    const detail = given
      ? `The data does not match the schema of ${name}.`
      : `${name} has no sample that matches its schema. Send data with the request.`;
    throw new Problem('data-breaks-schema', detail, {
      errors: errors.map(({ path, message }) => ({ path: `/data${path}`, message })),
    });
  }
  return written ?? JSON.stringify(data.data);
}
