const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Starts the files under test/faults first. They are the longest, and the whole run would wait for one
 * that starts last. Jest itself knows how long a file takes only where it has run before.
 */
module.exports = class FaultsFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isFirst = ({ path }) => /[\\/]test[\\/]faults[\\/]/.test(path);
    return [...sorted.filter(isFirst), ...sorted.filter((test) => !isFirst(test))];
  }
};
