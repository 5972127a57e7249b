/**
 * A mutation of one place of the source, as the lists in scripts/mutations hold them and
 * scripts/mutate.mjs tries them out.
 *
 * @typedef {object} Mutation
 * @property {string} id - unique, short
 * @property {string} what - the misbehaviour, in a few words
 * @property {string} file - the source file
 * @property {string} find - code that occurs once in it
 * @property {string} replace - what takes its place
 * @property {string[]} tests - test files of which one must fail, the likeliest first
 * @property {string} [survives] - why no test can notice it, or none needs to
 */

/**
 * Mutations of one file that the same tests are about.
 *
 * @param {string} file
 * @param {string[]} tests
 * @param {[id: string, what: string, find: string, replace: string, survives?: string][]} list
 * @returns {Mutation[]}
 */
export function mutationsOf(file, tests, list) {
  return list.map(([id, what, find, replace, survives]) => ({ id, what, file, find, replace, tests, survives }));
}
