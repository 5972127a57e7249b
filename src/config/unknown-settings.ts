import { FILE_SUFFIX } from './secret-files';
import type { Setting } from './setting';
import { SETTINGS } from './settings';

/** Variables of the command line, which may be set in the environment of the service as well. */
const OF_THE_CLI = ['SIGNPOST_URL', 'SIGNPOST_API_KEY', 'SIGNPOST_API_KEY_FILE'];
const OTHERS = /^SIGNPOST_(DATASOURCE_.+_URL(_FILE)?|TEST_.+)$/;
/** Names that differ more are not likely to be meant. */
const MAX_DISTANCE = 4;

/**
 * Finds variables that look like settings and are not. A mistyped name would be ignored, and nobody
 * would notice.
 *
 * @returns a line for each, which names the nearest setting
 */
export function unknownSettings(env: Readonly<Record<string, string | undefined>> = process.env): string[] {
  const known = new Set([
    ...OF_THE_CLI,
    ...Object.entries<Setting<unknown>>(SETTINGS).flatMap(([name, { secret }]) =>
      secret ? [name, name + FILE_SUFFIX] : [name],
    ),
  ]);
  return Object.keys(env)
    .filter((name) => name.startsWith('SIGNPOST_') && !known.has(name) && !OTHERS.test(name))
    .sort()
    .map((name) => {
      const nearest = nearestOf(name, known);
      return `${name} is not a setting of Signpost and has no effect.${nearest ? ` Did you mean ${nearest}?` : ''}`;
    });
}

function nearestOf(name: string, known: ReadonlySet<string>): string | undefined {
  const [nearest] = [...known]
    .map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }))
    .filter(({ distance }) => distance <= MAX_DISTANCE)
    .sort((a, b) => a.distance - b.distance);
  return nearest?.candidate;
}

/** Levenshtein distance: how many insertions, deletions and replacements two texts are apart. */
function distanceOf(from: string, to: string): number {
  let before = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = before[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, before[column]! + 1, current[column - 1]! + 1));
    }
    before = current;
  }
  return before[to.length]!;
}
