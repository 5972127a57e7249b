import type { Command } from 'commander';
import { fromOptions } from '../arguments';
import type { Json } from '../client';
import { limitOption, printList } from '../lists';
import { fields } from '../output';
import type { Session } from '../session';

/** Adds the `products` commands. */
export function addProducts(program: Command, session: Session): void {
  const products = program.command('products').description('Manage products, the product lines that publish events');

  products
    .command('list')
    .description('List products')
    .addOption(limitOption())
    .option('--segment <name>', 'only products of this segment')
    .action(
      printList(session, '/v1/products', 'No products.', {
        id: ({ id }) => id,
        name: ({ name }) => name,
        segment: ({ segment }) => segment ?? '',
        enabled: ({ enabled }) => enabled,
      }),
    );

  products
    .command('show <id>')
    .description('Show a product')
    .action(async (id: string) => show(await session.client.products.get(id)));

  products
    .command('create')
    .description('Create a product; it is disabled unless --enabled is set')
    .requiredOption('--name <name>', 'name of the product')
    .option('--id <id>', 'id of the product (default: generated)')
    .option('--segment <name>', 'group of product lines that it belongs to')
    .option('--enabled', 'enable the product')
    .option('--unknown-customers <choice>', 'refuse (the default) or accept events for customers that do not exist')
    .option('--require-verification', 'hold the notifications of a subscription until it passes its challenge')
    .action(async (options: Record<string, unknown>) =>
      show(await session.client.products.create(fromOptions(options))),
    );

  for (const enabled of [true, false]) {
    products
      .command(`${enabled ? 'enable' : 'disable'} <id>`)
      .description(enabled ? 'Accept events of a product' : 'Reject events of a product')
      .action(async (id: string) => show(await session.client.products.update(id, { enabled })));
  }

  function show(product: Json): void {
    session.print(product, () => fields(product));
  }
}
