import type { Command } from 'commander';
import { given, wholeNumber, withIds } from '../arguments';
import { list } from '../client';
import { table } from '../output';
import type { Session } from '../session';

/** `keys`: API keys. */
export function addKeys(program: Command, session: Session): void {
  const keys = program.command('keys').description('API keys');

  keys
    .command('list')
    .description('List API keys, revoked ones included')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .action(async ({ limit }: { limit: number }) => {
      const page = await list(session.client, '/v1/api-keys', {}, limit);
      session.print(page, () =>
        table(page.items, {
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
    .description('Create an API key; it is shown this once')
    .requiredOption('--name <name>')
    .requiredOption('--role <role>', 'admin, product, viewer or customer')
    .option('--product <id>', 'for the role product')
    .option('--customer <id>', 'for the role customer')
    .addHelpText(
      'after',
      `
The key alone is on standard output, so that it can be kept without being seen:
  $ signpost keys create --name payments --role product --product payments > payments.key`,
    )
    .action(async (options: { name: string; role: string; product?: string; customer?: string }) => {
      const key = await session.client.request<{ id: string; key: string }>('POST', '/v1/api-keys', {
        body: given(withIds(options)),
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
}
