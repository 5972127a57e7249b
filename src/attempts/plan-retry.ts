import type { DeliverOutcome } from '../domain/delivery';
import type { Executor } from '../store/db/database';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import { postpone } from '../store/notifications/transitions';
import type { AttemptInput } from './stages';

/** A smaller shift is not worth a statement. */
const MIN_SHIFT_MS = 500;

/**
 * Plans the next attempt after one that was taken over. If more attempts of its customer are due at
 * the same time than find a slot, it moves back: otherwise all their workflows would wake together,
 * and most of them in vain.
 */
export async function planTakenOver(
  db: Executor,
  { notificationId, processId, planRetry: plan }: AttemptInput,
  { customerId, id }: Pick<DeliverySubscription, 'customerId' | 'id'>,
  outcome: DeliverOutcome,
): Promise<DeliverOutcome> {
  if (outcome.kind !== 'retry' || !plan) return outcome;
  const afterMs = outcome.waitSeconds * 1000;
  const waitMs = plan(outcome.lane, customerId, id, afterMs);
  if (waitMs - afterMs < MIN_SHIFT_MS) return outcome;
  await postpone(db, notificationId, waitMs / 1000, processId);
  return { ...outcome, waitSeconds: waitMs / 1000, dueAt: new Date(Date.now() + waitMs).toISOString() };
}
