import type { Command } from 'commander';
import { given, secondsList, wholeNumber, withIds } from '../arguments';
import { list, type Json } from '../client';
import { fields, table } from '../output';
import type { Session } from '../session';

/** `customers`: those who are notified. */
export function addCustomers(program: Command, session: Session): void {
  const customers = program.command('customers').description('Those who are notified');

  customers
    .command('list')
    .description('List customers')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .action(async ({ limit }: { limit: number }) => {
      const page = await list(session.client, '/v1/customers', {}, limit);
      session.print(page, () =>
        table(page.items, {
          id: ({ id }) => id,
          name: ({ name }) => name,
          product: ({ productId }) => productId ?? 'shared',
          'retries after (s)': ({ retrySchedule }) => retrySchedule,
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
    .requiredOption('--name <name>')
    .option('--id <id>', 'default: generated')
    .option('--product <id>', "default: the key's product; of an admin's key: shared by all products")
    .option('--retry-schedule <seconds>', 'waits before the retries, as 30,300; or default, growing, none', secondsList)
    .action(async (options: { name: string; id?: string; product?: string; retrySchedule?: number[] }) =>
      show(await session.client.request('POST', '/v1/customers', { body: given(withIds(options)) })),
    );

  customers
    .command('update <id>')
    .description('Change name or retry schedule')
    .option('--name <name>')
    .option('--retry-schedule <seconds>', 'waits before the retries, as 30,300; or default, growing, none', secondsList)
    .action(async (id: string, options: { name?: string; retrySchedule?: number[] }) =>
      show(await session.client.request('PATCH', pathOf(id), { body: given(options) })),
    );

  function show(customer: Json): void {
    session.print(customer, () => fields(customer));
  }
}

function pathOf(id: string): string {
  return `/v1/customers/${encodeURIComponent(id)}`;
}
