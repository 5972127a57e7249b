import type { LosslessJson } from '../../../domain/lossless-json';
import { Problem } from '../../../domain/problems';
import { pointer } from '../../http/parse-input';

const MAX_SHOWN = 20;
const MESSAGE = 'has more digits than a double, and would be stored as another number';

/**
 * Refuses a schema with a number that a double does not hold, such as 1e400 or 9007199254740993.
 * The schema would be stored with another number or none, and would judge events by it.
 *
 * @param written - the body as the caller wrote it; undefined if each of its numbers is a double
 * @throws Problem invalid-schema
 */
export function refuseInexactNumbers(written: LosslessJson | undefined): void {
  const paths = written?.inexactNumbers(MAX_SHOWN, 'schema') ?? [];
  if (paths.length === 0) return;
  const errors = paths.map((path) => ({ path: pointer(path, ''), message: MESSAGE }));
  throw new Problem('invalid-schema', `The schema cannot be used: ${errors[0]!.path} ${MESSAGE}.`, { errors });
}
