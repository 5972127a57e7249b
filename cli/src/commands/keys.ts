import type { Command } from 'commander';
import { fromOptions } from '../arguments';
import { limitOption, printList } from '../lists';
import type { Session } from '../session';
import { addCredentialOptions, CREDENTIAL_COLUMNS, type CredentialOptions } from './credentials';

/** Adds the `keys` commands. */
export function addKeys(program: Command, session: Session): void {
  const keys = program.command('keys').description('Manage API keys');

  keys
    .command('list')
    .description('List API keys, including revoked ones')
    .addOption(limitOption())
    .action(
      printList(session, '/v1/api-keys', 'No API keys.', {
        id: ({ id }) => id,
        ...CREDENTIAL_COLUMNS,
      }),
    );

  addCredentialOptions(keys.command('create'), 'key')
    .description('Create an API key and print it; it cannot be shown again')
    .addHelpText(
      'after',
      `
Standard output contains only the key, so you can store it without showing it:
  $ signpost keys create --name payments --role product --product payments \\
      > payments.key`,
    )
    .action(async (options: CredentialOptions) => {
      const key = await session.client.apiKeys.create(fromOptions(options));
      session.print(key, () => key.key);
      if (!session.json) session.note(`${key.id} created`);
    });

  keys
    .command('revoke <id>')
    .description('Revoke an API key')
    .action(async (id: string) => {
      await session.client.apiKeys.revoke(id);
      session.print({ id, revoked: true }, () => `${id} revoked`);
    });
}
