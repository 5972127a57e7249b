import type { Command } from 'commander';
import { definedOnly, wholeNumber, withIds } from '../arguments';
import { list } from '../client';
import { table } from '../output';
import type { Session } from '../session';
import { addMasterKey } from './master-key';

/** Adds the `keys` commands. */
export function addKeys(program: Command, session: Session): void {
  const keys = program.command('keys').description('Manage API keys, and rotate the master key');

  keys
    .command('list')
    .description('List API keys, including revoked ones')
    .option('--limit <n>', 'maximum number of items', wholeNumber(1), 50)
    .action(async ({ limit }: { limit: number }) => {
      const page = await list(session.client, '/v1/api-keys', {}, limit);
      session.print(page, () =>
        table(page.items, 'No API keys.', {
          id: ({ id }) => id,
          name: ({ name }) => name,
          role: ({ role }) => role,
          product: ({ productId }) => productId,
          customer: ({ customerId }) => customerId,
          revoked: ({ revokedAt }) => revokedAt,
        }),
      );
    });

  keys
    .command('create')
    .description('Create an API key and print it; it cannot be shown again')
    .requiredOption('--name <name>', 'name of the key')
    .requiredOption('--role <role>', 'role of the key: admin, product, viewer or customer')
    .option('--product <id>', 'product of a key with the role product')
    .option('--customer <id>', 'customer of a key with the role customer')
    .addHelpText(
      'after',
      `
Standard output contains only the key, so you can store it without showing it:
  $ signpost keys create --name payments --role product --product payments \\
      > payments.key`,
    )
    .action(async (options: { name: string; role: string; product?: string; customer?: string }) => {
      const key = await session.client.request<{ id: string; key: string }>('POST', '/v1/api-keys', {
        body: definedOnly(withIds(options)),
      });
      session.print(key, () => key.key);
      if (!session.json) session.note(`${key.id} created`);
    });

  keys
    .command('revoke <id>')
    .description('Revoke an API key')
    .action(async (id: string) => {
      await session.client.request('DELETE', `/v1/api-keys/${encodeURIComponent(id)}`);
      session.print({ id, revoked: true }, () => `${id} revoked`);
    });

  addMasterKey(keys, session);
}
