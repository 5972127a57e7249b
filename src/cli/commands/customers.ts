import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { definedOnly, secondsList, wholeNumber, withIds } from '../arguments';
import { list, type Json } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { fields, table } from '../output';
import type { Session } from '../session';

const POLL_MS = 1000;

interface Erasure extends Json {
  id: string;
  status: string;
  phase: string;
}

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

  customers
    .command('erase <id>')
    .description('Erase a customer and everything of theirs, which cannot be undone')
    .option('--yes', 'confirm; without it nothing is erased')
    .option('--wait', 'wait until the erasure has finished')
    .action(async (id: string, { yes, wait }: { yes?: boolean; wait?: boolean }) => {
      if (!yes)
        throw new CliError(EXIT.usage, `Erasing ${id} cannot be undone. Nothing was erased. Repeat it with --yes.`);
      let erasure = await session.client.request<Erasure>('DELETE', pathOf(id));
      if (wait) session.note(`erasure ${erasure.id} started; waiting until it has finished`);
      for (let { phase } = erasure; wait && erasure.status === 'running';) {
        await sleep(POLL_MS);
        erasure = await session.client.request<Erasure>('GET', erasurePathOf(erasure.id));
        if (erasure.phase !== phase) session.note(`erasure ${erasure.id}: ${(phase = erasure.phase)}`);
      }
      show(erasure);
    });

  customers
    .command('erasure <erasureId>')
    .description('Show the progress of an erasure, or its receipt')
    .action(async (id: string) => show(await session.client.request('GET', erasurePathOf(id))));

  function show(shown: Json): void {
    session.print(shown, () => fields(shown));
  }
}

function erasurePathOf(id: string): string {
  return `/v1/erasures/${encodeURIComponent(id)}`;
}

function pathOf(id: string): string {
  return `/v1/customers/${encodeURIComponent(id)}`;
}
