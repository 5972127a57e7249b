import type { Command } from 'commander';
import { given, wholeNumber } from '../arguments';
import { list, type Json } from '../client';
import { fields, table } from '../output';
import type { Session } from '../session';

/** `products`: the product lines that publish events. */
export function addProducts(program: Command, session: Session): void {
  const products = program.command('products').description('Product lines that publish events');

  products
    .command('list')
    .description('List products')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .action(async ({ limit }: { limit: number }) => {
      const page = await list(session.client, '/v1/products', {}, limit);
      session.print(page, () =>
        table(page.items, { id: ({ id }) => id, name: ({ name }) => name, enabled: ({ enabled }) => enabled }),
      );
    });

  products
    .command('show <id>')
    .description('Show a product')
    .action(async (id: string) => show(await session.client.request('GET', pathOf(id))));

  products
    .command('create')
    .description('Create a product; it is disabled until it is enabled')
    .requiredOption('--name <name>')
    .option('--id <id>', 'default: generated')
    .option('--enabled', 'enable it at once')
    .option('--require-verification', 'hold notifications until a subscription has passed its challenge')
    .action(async (options: { name: string; id?: string; enabled?: boolean; requireVerification?: boolean }) =>
      show(await session.client.request('POST', '/v1/products', { body: given(options) })),
    );

  for (const enabled of [true, false]) {
    products
      .command(`${enabled ? 'enable' : 'disable'} <id>`)
      .description(enabled ? 'Take its events' : 'Refuse its events')
      .action(async (id: string) => show(await session.client.request('PATCH', pathOf(id), { body: { enabled } })));
  }

  function show(product: Json): void {
    session.print(product, () => fields(product));
  }
}

function pathOf(id: string): string {
  return `/v1/products/${encodeURIComponent(id)}`;
}
