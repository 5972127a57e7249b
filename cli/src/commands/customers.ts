import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { RetryPreset } from '../../../src/domain/retry-schedule';
import { fromOptions, secondsList } from '../arguments';
import type { Json } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { limitOption, printList } from '../lists';
import { fields } from '../output';
import type { Session } from '../session';

const POLL_MS = 1000;

/** Adds the `customers` commands. */
export function addCustomers(program: Command, session: Session): void {
  const customers = program.command('customers').description('Manage customers, the parties that are notified');

  customers
    .command('list')
    .description('List customers')
    .addOption(limitOption())
    .option('--segment <name>', 'only customers of products in this segment')
    .action(
      printList(session, '/v1/customers', 'No customers.', {
        id: ({ id }) => id,
        name: ({ name }) => name,
        product: ({ productId }) => productId ?? 'shared',
        'retry schedule (s)': ({ retrySchedule }) => retrySchedule,
      }),
    );

  customers
    .command('show <id>')
    .description('Show a customer')
    .action(async (id: string) => show(await session.client.customers.get(id)));

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
    .option('--audience <whose>', 'self, or product for the events of the product for every customer')
    .action(
      async (options: {
        name: string;
        id?: string;
        product?: string;
        retrySchedule?: number[] | RetryPreset;
        audience?: string;
      }) => show(await session.client.customers.create(fromOptions(options))),
    );

  customers
    .command('update <id>')
    .description('Change the name, retry schedule or audience of a customer')
    .option('--name <name>', 'new name')
    .option('--audience <whose>', 'self, or product for the events of the product for every customer')
    .option(
      '--retry-schedule <seconds>',
      'seconds to wait before each retry, such as 30,300; or default, growing, none',
      secondsList,
    )
    .action(async (id: string, options: { name?: string; retrySchedule?: number[] | RetryPreset; audience?: string }) =>
      show(await session.client.customers.update(id, fromOptions(options))),
    );

  customers
    .command('erase <id>')
    .description('Erase a customer and everything of theirs, which cannot be undone')
    .option('--yes', 'confirm; without it nothing is erased')
    .option('--wait', 'wait until the erasure has finished')
    .action(async (id: string, { yes, wait }: { yes?: boolean; wait?: boolean }) => {
      if (!yes)
        throw new CliError(EXIT.usage, `Erasing ${id} cannot be undone. Nothing was erased. Repeat it with --yes.`);
      let erasure = await session.client.customers.erase(id);
      if (wait) session.note(`erasure ${erasure.id} started; waiting until it has finished`);
      for (let { phase } = erasure; wait && erasure.status === 'running';) {
        await sleep(POLL_MS);
        erasure = await session.client.erasures.get(erasure.id);
        if (erasure.phase !== phase) session.note(`erasure ${erasure.id}: ${(phase = erasure.phase)}`);
      }
      show(erasure);
    });

  customers
    .command('erasure <erasureId>')
    .description('Show the progress of an erasure, or its receipt')
    .action(async (id: string) => show(await session.client.erasures.get(id)));

  function show(shown: Json): void {
    session.print(shown, () => fields(shown));
  }
}
