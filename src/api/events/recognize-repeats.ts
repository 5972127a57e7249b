import { newUuid } from '../../domain/ids';
import type { ProblemCode } from '../../domain/problems';
import type { Principal } from '../../domain/types';
import type { Executor } from '../../store/db/database';
import { findRepeats } from '../../store/notifications/repeats';
import { productsOf } from '../auth/own-products';
import type { AcceptOutcome } from './accept-outcome';
import type { PostedEvent } from './event-input';
import { faultProblem } from './fault-problem';

/** Refusals that depend on the current catalog, product and customers. */
const REFUSED_TODAY: ReadonlySet<ProblemCode> = new Set([
  'unknown-event-type',
  'event-type-archived',
  'product-disabled',
  'unknown-customer',
  'data-breaks-schema',
]);

/**
 * Gives repeats of accepted events their first result, also if they would be refused today. The
 * lookup costs a statement, so only refused events get one.
 *
 * @param outcomes - of the posted events, in order; those of repeats are replaced
 */
export async function recognizeRepeats(
  db: Executor,
  principal: Pick<Principal, 'productId' | 'segment'>,
  posted: readonly PostedEvent[],
  outcomes: AcceptOutcome[],
): Promise<void> {
  const refused = posted.flatMap(({ id, type, bodyHash }, index) => {
    const outcome = outcomes[index]!;
    const isRefused = 'problem' in outcome && REFUSED_TODAY.has(outcome.problem.code);
    return isRefused && id !== undefined && bodyHash ? [{ index, id, type, bodyHash, uuid: newUuid() }] : [];
  });
  if (refused.length === 0) return;
  const repeats = await findRepeats(db, refused, productsOf(principal));
  for (const [position, { index }] of refused.entries()) {
    const repeat = repeats[position];
    if (repeat?.kind === 'accepted') outcomes[index] = { accepted: repeat };
    else if (repeat) outcomes[index] = { problem: faultProblem('event-id-conflict') };
  }
}
