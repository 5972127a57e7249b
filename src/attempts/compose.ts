import { MAX_COMPOSE_MS, type Composed, type Composer } from '../domain/composing';
import type { Sealer } from '../store/db/crypto';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import type { DeliveryFacts } from '../domain/attempt';

/**
 * Composes what an attempt sends instead of the event's data.
 *
 * @returns undefined, and no promise, if the event's data is sent as it is
 * @throws ComposeError, ComposerBusyError
 */
export function composeData(
  { composer, sealer }: { composer: Pick<Composer, 'compose'>; sealer: Sealer },
  { event }: Pick<DeliveryFacts, 'event'>,
  { id, customerId, definition, transform, secrets, sharesSecret, timeoutSeconds }: DeliverySubscription,
): Promise<Composed> | undefined {
  if (!definition && !transform) return undefined;
  const [secret] = secrets;
  const composition = {
    event,
    customerId,
    definition,
    transform,
    owner: { customer: customerId, subscription: id },
    secret() {
      if (!secret) throw new Error('The subscription has no secret.');
      return sharesSecret ? sealer.open(secret, id) : null;
    },
  };
  return composer.compose(composition, Math.min(MAX_COMPOSE_MS, timeoutSeconds * 1000));
}
