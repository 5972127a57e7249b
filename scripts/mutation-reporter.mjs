import { writeFileSync } from 'node:fs';

/**
 * A Jest reporter for scripts/mutate.mjs: one failed test is enough, so it writes its title to the
 * file that MUTATION_KILLED_BY names, and ends Jest.
 */
export default class MutationReporter {
  onTestCaseResult(_test, { status, fullName }) {
    if (status !== 'failed') return;
    writeFileSync(process.env.MUTATION_KILLED_BY, fullName);
    process.exit(1);
  }
}
