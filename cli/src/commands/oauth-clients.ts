import type { Command } from 'commander';
import { fromOptions, wholeNumber } from '../arguments';
import { limitOption, printList } from '../lists';
import type { Session } from '../session';
import { addCredentialOptions, CREDENTIAL_COLUMNS, type CredentialOptions } from './credentials';

interface ClientWithSecret {
  clientId: string;
  clientSecret: string;
}

/** Adds the `oauth-clients` commands. */
export function addOAuthClients(program: Command, session: Session): void {
  const clients = program.command('oauth-clients').description('Manage OAuth clients, which get tokens for the API');

  clients
    .command('list')
    .description('List OAuth clients, including revoked ones')
    .addOption(limitOption())
    .action(
      printList(session, '/v1/oauth-clients', 'No OAuth clients.', {
        'client id': ({ clientId }) => clientId,
        ...CREDENTIAL_COLUMNS,
      }),
    );

  addCredentialOptions(clients.command('create'), 'client')
    .description('Create an OAuth client and print its secret; it cannot be shown again')
    .addHelpText(
      'after',
      `
Standard output contains only the secret, so you can store it without showing
it. The id of the client goes to standard error:
  $ signpost oauth-clients create --name ledger --role product \\
      --product ledger > ledger.secret`,
    )
    .action(async (options: CredentialOptions) =>
      printSecret(await session.client.oauthClients.create(fromOptions(options)), 'created'),
    );

  clients
    .command('rotate <clientId>')
    .description('Create and print a new secret; the previous one also works during the overlap')
    .option('--overlap-seconds <n>', 'how long the previous secret also works, in seconds', wholeNumber(0))
    .action(async (id: string, options: { overlapSeconds?: number }) =>
      printSecret(
        await session.client.request('post', '/v1/oauth-clients/{id}/rotate', {
          params: { id },
          body: fromOptions(options),
        }),
        'rotated',
      ),
    );

  clients
    .command('revoke <clientId>')
    .description('Revoke an OAuth client and its tokens')
    .action(async (id: string) => {
      await session.client.oauthClients.revoke(id);
      session.print({ clientId: id, revoked: true }, () => `${id} revoked`);
    });

  function printSecret(client: ClientWithSecret, done: string): void {
    session.print(client, () => client.clientSecret);
    if (!session.json) session.note(`${client.clientId} ${done}`);
  }
}
