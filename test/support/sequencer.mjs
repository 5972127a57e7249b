import TestSequencer from '@jest/test-sequencer';

/**
 * Starts the files under test/faults first. They are among the longest, and the whole run would
 * wait for one that starts last. Jest knows how long a file takes only on a machine where it has
 * run before.
 */
export default class FaultsFirst extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isFirst = ({ path }) => /[\\/]test[\\/]faults[\\/]/.test(path);
    return [...sorted.filter(isFirst), ...sorted.filter((test) => !isFirst(test))];
  }
}
