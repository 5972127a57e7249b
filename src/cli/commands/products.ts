import type { Command } from 'commander';
import { definedOnly, wholeNumber } from '../arguments';
import { list, type Json } from '../client';
import { fields, table } from '../output';
import type { Session } from '../session';

/** Adds the `products` commands. */
export function addProducts(program: Command, session: Session): void {
  const products = program.command('products').description('Manage products, the product lines that publish events');

  products
    .command('list')
    .description('List products')
    .option('--limit <n>', 'maximum number of items', wholeNumber(1), 50)
    .action(async ({ limit }: { limit: number }) => {
      const page = await list(session.client, '/v1/products', {}, limit);
      session.print(page, () =>
        table(page.items, 'No products.', {
          id: ({ id }) => id,
          name: ({ name }) => name,
          enabled: ({ enabled }) => enabled,
        }),
      );
    });

  products
    .command('show <id>')
    .description('Show a product')
    .action(async (id: string) => show(await session.client.request('GET', pathOf(id))));

  products
    .command('create')
    .description('Create a product; it is disabled unless --enabled is set')
    .requiredOption('--name <name>', 'name of the product')
    .option('--id <id>', 'id of the product (default: generated)')
    .option('--enabled', 'enable the product')
    .option('--require-verification', 'hold the notifications of a subscription until it passes its challenge')
    .action(async (options: { name: string; id?: string; enabled?: boolean; requireVerification?: boolean }) =>
      show(await session.client.request('POST', '/v1/products', { body: definedOnly(options) })),
    );

  for (const enabled of [true, false]) {
    products
      .command(`${enabled ? 'enable' : 'disable'} <id>`)
      .description(enabled ? 'Accept events of a product' : 'Reject events of a product')
      .action(async (id: string) => show(await session.client.request('PATCH', pathOf(id), { body: { enabled } })));
  }

  function show(product: Json): void {
    session.print(product, () => fields(product));
  }
}

function pathOf(id: string): string {
  return `/v1/products/${encodeURIComponent(id)}`;
}
