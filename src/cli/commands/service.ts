import type { Command } from 'commander';
import { secretOption } from '../../../cli/src/arguments';
import { secretOf } from '../../../cli/src/connection';
import { CliError, EXIT } from '../../../cli/src/exit-codes';
import type { Session } from '../../../cli/src/session';

/** Adds the commands `start` and `migrate`. */
export function addService(program: Command, session: Session): void {
  program
    .command('start')
    .description('Run the service in this process until it receives SIGINT or SIGTERM')
    .addHelpText(
      'after',
      `
Settings are environment variables (docs/operators/configuration.md). Without
any, the service starts an embedded Postgres and Temporal.

Example:
  $ SIGNPOST_PORT=9090 signpost start`,
    )
    .action(async () => {
      // Loaded here because no other command needs Temporal.
      const { main } = await import('../../main.js');
      await main();
    });

  program
    .command('migrate')
    .description('Update the database schema')
    .option('--database-url <url>', 'URL of the database (default: SIGNPOST_MIGRATION_DATABASE_URL, then DATABASE_URL)')
    .option('--database-url-file <file>', 'file that contains the URL, or - for standard input')
    .addHelpText(
      'after',
      `
The service also does this whenever it starts. Use this command in deployments
that migrate in a separate step. Concurrent runs are safe.

Example:
  $ DATABASE_URL=postgres://signpost:…@db.internal/signpost \\
      signpost migrate`,
    )
    .action(async ({ databaseUrl, databaseUrlFile }: { databaseUrl?: string; databaseUrlFile?: string }) => {
      const given = await secretOption(session.io, 'database-url', databaseUrl, databaseUrlFile);
      const url =
        given ??
        secretOf(session.io.env, 'SIGNPOST_MIGRATION_DATABASE_URL') ??
        secretOf(session.io.env, 'DATABASE_URL');
      if (!url)
        throw new CliError(
          EXIT.usage,
          'No database given. Set --database-url or DATABASE_URL. (signpost start migrates the embedded database itself.)',
        );
      const { migrate } = await import('../../store/db/migrate.js');
      const applied = await migrate(url).catch((error: Error & { code?: string }) => {
        throw new CliError(EXIT.failed, `Migration failed: ${error.message || error.code}`);
      });
      session.print({ applied }, () => (applied.length === 0 ? 'up to date' : `applied: ${applied.join(', ')}`));
    });
}
