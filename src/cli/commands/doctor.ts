import type { Command } from 'commander';
import { CliError, EXIT } from '../../../cli/src/exit-codes';
import { table } from '../../../cli/src/output';
import type { Session } from '../../../cli/src/session';
import type { Finding } from '../doctor';

/** Adds the command `doctor`. */
export function addDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('Check the configuration, Postgres and Temporal of an installation')
    .option('--fix', 'repair what is safe: partitions, search attributes, and too short a history retention')
    .addHelpText(
      'after',
      `
Reads the settings of the service. Run it where the service runs. The exit code
is 1 if a check fails; warnings do not count.

Example:
  $ signpost doctor --fix`,
    )
    .action(async ({ fix = false }: { fix?: boolean }) => {
      // Loaded here because few commands need Postgres and Temporal.
      const { examine } = await import('../doctor/index.js');
      const findings = await examine(session.io.env, fix);
      session.print({ findings }, () => format(findings));
      const failed = findings.filter(({ status }) => status === 'fail').map(({ check }) => check);
      if (failed.length > 0) throw new CliError(EXIT.failed, `Failed: ${failed.join(', ')}.`);
    });
}

/** The findings as a table. */
export function format(findings: Finding[]): string {
  const text = table(findings, '', {
    check: ({ check }) => check,
    status: ({ status, repair }) => (repair === 'done' ? 'repaired' : status),
    detail: ({ detail }) => detail,
  });
  const repairable = findings.filter(({ repair }) => repair === 'possible').map(({ check }) => check);
  return repairable.length > 0 ? `${text}\n\nsignpost doctor --fix repairs: ${repairable.join(', ')}` : text;
}
