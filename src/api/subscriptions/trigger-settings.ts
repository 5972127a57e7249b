import { isPattern } from '../../domain/event-type-pattern';
import { Problem, type FieldError } from '../../domain/problems';
import type { Subscription } from '../../domain/types';
import type { SubscriptionSettings } from '../../store/subscriptions/subscriptions';

/**
 * In format `trigger`, the event types and the format itself are fixed at creation: a handler never
 * receives events that it was not written for.
 *
 * @param fields - those that change
 * @throws Problem fixed-after-creation
 */
export function refuseFixed(
  before: Pick<Subscription, 'format'>,
  after: Pick<SubscriptionSettings, 'format'>,
  fields: readonly (keyof SubscriptionSettings)[],
): void {
  const errors: FieldError[] = [];
  if (before.format !== after.format && [before.format, after.format].includes('trigger'))
    errors.push({ path: '/format', message: 'cannot change to or from format trigger: create another subscription' });
  if (before.format === 'trigger' && fields.includes('eventTypes'))
    errors.push({ path: '/eventTypes', message: 'cannot change in format trigger: create another subscription' });
  if (errors.length > 0)
    throw new Problem(
      'fixed-after-creation',
      `${errors.map(({ path, message }) => `${path.slice(1)} ${message}`).join('; ')}.`,
      { errors },
    );
}

/**
 * A subscription of format `trigger` calls a handler of one product for one type of event.
 *
 * @throws Problem validation-failed
 */
export function refuseSeveral(eventTypes: readonly string[], productId: string | null): void {
  const errors: FieldError[] = [];
  if (eventTypes.length !== 1 || isPattern(eventTypes[0]!))
    errors.push({ path: '/eventTypes', message: 'expected the name of one event type in format trigger' });
  if (productId === null)
    errors.push({
      path: '/productId',
      message: 'is required in format trigger, because all products share the customer',
    });
  if (errors.length > 0)
    throw new Problem('validation-failed', 'A subscription of format trigger has one product and one event type.', {
      errors,
    });
}
