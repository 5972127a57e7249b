import { tenantOf } from '../../domain/fairness';
import { Problem, type FieldError } from '../../domain/problems';
import type { Principal } from '../../domain/types';
import { findTypeOfSubscription, type TriggerableType } from '../../store/catalog/event-types';
import { findDefinition } from '../../store/catalog/service-definitions';
import { scopeOf } from '../auth/auth';
import type { SchemaChecks } from '../events/schema-checks';
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

/** Whether the caller is a customer that chose the data. See `Composition`. */
export function isChosenByCustomer({ principal }: Pick<Context, 'principal'>, given: object | undefined): boolean {
  return principal.role === 'customer' && given !== undefined;
}

/**
 * The data to send: the given data, or the sample of the type. If a service definition looks up the
 * data, a customer must use the sample: chosen data could select the rows of other customers.
 *
 * @returns JSON text
 * @throws Problem data-breaks-schema, also if the sample does not match the schema; forbidden;
 *   too-many-requests
 */
export async function sampleData(
  checks: SchemaChecks,
  { db, principal, losslessBody }: Pick<Context, 'db' | 'principal' | 'losslessBody'>,
  type: TriggerableType,
  given: object | undefined,
): Promise<string> {
  if (given && principal.role === 'customer' && (await findDefinition(db, type.name))?.steps.length)
    throw new Problem(
      'forbidden',
      `A service definition looks up the data of ${type.name}. Omit data to send the sample.`,
    );
  const written = given ? losslessBody()?.at('data') : type.sample?.at();
  const value = jsonObject.safeParse(given ?? type.sample?.value() ?? {});
  const data = written ?? JSON.stringify(value.data);
  const errors = value.success
    ? await errorsOf(checks, principal, type, data, value.data)
    : [{ path: '', message: 'expected an object' }];
  if (errors.length > 0) {
    const detail = given
      ? `The data does not match the schema of ${type.name}.`
      : `${type.name} has no sample that matches its schema. Send data with the request.`;
    throw new Problem('data-breaks-schema', detail, {
      errors: errors.map(({ path, message }) => ({ path: `/data${path}`, message })),
    });
  }
  return data;
}

async function errorsOf(
  checks: SchemaChecks,
  principal: Principal,
  { name, schema }: TriggerableType,
  data: string,
  value: object,
): Promise<FieldError[]> {
  return schema ? checks.errorsOf(tenantOf(principal), checks.prepare({ name }, schema), { data, value }) : [];
}
