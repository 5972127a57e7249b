import type { Command } from 'commander';
import { wholeNumber } from '../arguments';
import type { Session } from '../session';

const PATH = '/v1/subscriptions/{id}/signing-key';

interface SigningKey {
  publicKey: string;
  previous: { publicKey: string; expiresAt: string } | null;
}

/** Adds `subscriptions signing-key`: the key pair of a subscription. */
export function addSigningKey(subscriptions: Command, session: Session): void {
  const signingKey = subscriptions
    .command('signing-key')
    .description('Manage the key pair of a subscription, for receivers that only verify');

  signingKey
    .command('show <id>')
    .description('Print the public key')
    .action(async (id: string) => print(await session.client.request('get', PATH, { params: { id } })));

  signingKey
    .command('create <id>')
    .description('Create or replace the key pair and print the public key')
    .option(
      '--overlap-seconds <n>',
      'how long the previous key also signs, in seconds (default: 86400, one day)',
      wholeNumber(0),
    )
    .action(async (id: string, options: { overlapSeconds?: number }) =>
      print(await session.client.request('post', PATH, { params: { id }, body: options })),
    );

  signingKey
    .command('delete <id>')
    .description('Delete the key pair; only the secret signs from then on')
    .action(async (id: string) => {
      await session.client.request('delete', PATH, { params: { id } });
      session.print({ id, deleted: true }, () => `key pair of ${id} deleted`);
    });

  function print(key: SigningKey): void {
    session.print(key, () => key.publicKey);
    if (!session.json && key.previous)
      session.note(`The previous key ${key.previous.publicKey} also signs until ${key.previous.expiresAt}.`);
  }
}
