import type { Command } from 'commander';
import { definedOnly, secondsList, wholeNumber, withIds } from '../arguments';
import { list, type Json } from '../client';
import { fields, table } from '../output';
import type { Session } from '../session';

/** Adds the `customers` commands. */
export function addCustomers(program: Command, session: Session): void {
  const customers = program.command('customers').description('Manage customers, the parties that are notified');

  customers
    .command('list')
    .description('List customers')
    .option('--limit <n>', 'maximum number of items', wholeNumber(1), 50)
    .action(async ({ limit }: { limit: number }) => {
      const page = await list(session.client, '/v1/customers', {}, limit);
      session.print(page, () =>
        table(page.items, 'No customers.', {
          id: ({ id }) => id,
          name: ({ name }) => name,
          product: ({ productId }) => productId ?? 'shared',
          'retry schedule (s)': ({ retrySchedule }) => retrySchedule,
        }),
      );
    });

  customers
    .command('show <id>')
    .description('Show a customer')
    .action(async (id: string) => show(await session.client.request('GET', pathOf(id))));

  customers
    .command('create')
    .description('Create a customer')
    .requiredOption('--name <name>', 'name of the customer')
    .option('--id <id>', 'id of the customer (default: generated)')
    .option(
      '--product <id>',
      "owning product (default: the product of the key; an admin's key creates a customer that all products share)",
    )
    .option(
      '--retry-schedule <seconds>',
      'seconds to wait before each retry, such as 30,300; or default, growing, none',
      secondsList,
    )
    .action(async (options: { name: string; id?: string; product?: string; retrySchedule?: number[] }) =>
      show(await session.client.request('POST', '/v1/customers', { body: definedOnly(withIds(options)) })),
    );

  customers
    .command('update <id>')
    .description('Change the name or retry schedule of a customer')
    .option('--name <name>', 'new name')
    .option(
      '--retry-schedule <seconds>',
      'seconds to wait before each retry, such as 30,300; or default, growing, none',
      secondsList,
    )
    .action(async (id: string, options: { name?: string; retrySchedule?: number[] }) =>
      show(await session.client.request('PATCH', pathOf(id), { body: definedOnly(options) })),
    );

  function show(customer: Json): void {
    session.print(customer, () => fields(customer));
  }
}

function pathOf(id: string): string {
  return `/v1/customers/${encodeURIComponent(id)}`;
}
