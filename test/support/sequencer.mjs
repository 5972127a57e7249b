import TestSequencer from '@jest/test-sequencer';

/** Folders whose files take long, though some of them are short: they start services or wait. */
const SLOW_FOLDERS = ['faults', 'web', 'e2e', 'embedded', 'documents', 'temporal', 'workflows', 'cli', 'sdk'];

/**
 * Starts the slow files first, because the whole run would wait for one that starts last. Within a
 * folder and for the others, Jest begins with the largest files. Jest knows how long a file takes
 * only on a machine where it has run before.
 */
export default class SlowFirst extends TestSequencer {
  sort(tests) {
    const folderOf = ({ path }) => /[\\/]test[\\/](\w+)[\\/]/.exec(path)?.[1] ?? '';
    const rankOf = (test) => SLOW_FOLDERS.indexOf(folderOf(test)) + 1 || SLOW_FOLDERS.length + 1;
    return super.sort(tests).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
