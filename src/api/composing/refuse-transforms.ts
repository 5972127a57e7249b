import type { EvaluationOwner, Transform } from '../../domain/composing';
import { Problem } from '../../domain/problems';
import type { Composer } from '../ports';
import { answeringComposeErrors } from './composing-problems';

/** A transform, and the pointer to where the request has it. */
export interface PlacedTransform {
  transform: Transform | null | undefined;
  path: string;
}

/**
 * Has transforms parsed, in the turn of their customer. It waits for a process, so call it outside
 * any transaction: a route has `beforeTransaction` for it.
 *
 * @param subscription - absent: for one that does not exist yet
 * @throws Problem invalid-transform, too-many-requests
 */
export async function refuseFaultyTransforms(
  composer: Composer,
  placed: readonly PlacedTransform[],
  customerId: string,
  subscription = 'new',
): Promise<void> {
  const owner: EvaluationOwner = { customer: customerId, subscription };
  const given = placed.flatMap(({ transform, path }) => (transform ? [{ transform, path }] : []));
  const errors = await answeringComposeErrors(() => composer.checkTransforms(given, owner));
  if (errors.length > 0) throw new Problem('invalid-transform', errors[0]!.message, { errors });
}
