import type { Command } from 'commander';
import { CliError, EXIT } from '../exit-codes';
import type { Session } from '../session';

/** `start` and `migrate`: the service itself. */
export function addService(program: Command, session: Session): void {
  program
    .command('start')
    .description('Run the service in this process until a signal ends it')
    .addHelpText(
      'after',
      `
Settings come from the environment (docs/operators/configuration.md). With none, an embedded Postgres and Temporal are started.

Example:
  $ SIGNPOST_PORT=9090 signpost start`,
    )
    .action(async () => {
      // Loaded here: no other command needs Temporal.
      const { main } = await import('../../main.js');
      await main();
    });

  program
    .command('migrate')
    .description('Bring the database schema up to date, as the service does at every start')
    .option('--database-url <url>', 'default: DATABASE_URL')
    .addHelpText(
      'after',
      `
For a deployment that migrates in a step of its own. Safe to run from several places at once.

Example:
  $ DATABASE_URL=postgres://signpost:…@db.internal/signpost signpost migrate`,
    )
    .action(async ({ databaseUrl }: { databaseUrl?: string }) => {
      const url = databaseUrl ?? session.io.env.DATABASE_URL;
      if (!url)
        throw new CliError(
          EXIT.usage,
          'Say which database: set --database-url or DATABASE_URL. (The embedded one is migrated by signpost start.)',
        );
      const { migrate } = await import('../../store/migrate.js');
      const applied = await migrate(url).catch((error: Error & { code?: string }) => {
        throw new CliError(EXIT.failed, `The database was not migrated: ${error.message || error.code}`);
      });
      session.print({ applied }, () => (applied.length === 0 ? 'up to date' : `applied: ${applied.join(', ')}`));
    });
}
