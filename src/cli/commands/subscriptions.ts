import type { Command } from 'commander';
import type { OutOfOrderRule } from '../../domain/types';
import {
  definedOnly,
  header,
  jsonArgument,
  listOf,
  outOfOrderRule,
  secondsList,
  secretOption,
  wholeNumber,
  withIds,
} from '../arguments';
import { list, type Json } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { fields, show, table } from '../output';
import type { Session } from '../session';

interface CreateOptions {
  customer: string;
  name: string;
  endpoint: string;
  types: string[];
  product?: string;
  description?: string;
  method?: string;
  format?: string;
  channel?: string[];
  header?: Record<string, string>;
  retrySchedule?: number[];
  timeoutSeconds?: number;
  outOfOrder?: OutOfOrderRule | null;
  secret?: string;
  secretFile?: string;
  disabled?: boolean;
}

interface RotateOptions {
  secret?: string;
  secretFile?: string;
  overlapSeconds?: number;
}

/** Adds the `subscriptions` commands. */
export function addSubscriptions(program: Command, session: Session): void {
  const subscriptions = program
    .command('subscriptions')
    .description('Manage subscriptions: where and how customers are notified');

  subscriptions
    .command('list')
    .description('List subscriptions, newest first')
    .option('--customer <id>', 'only subscriptions of this customer')
    .option('--product <id>', 'only subscriptions to this product')
    .option('--status <status>', 'only this status: enabled, disabled, out-of-order, awaiting-approval or unverified')
    .option('--limit <n>', 'maximum number of items', wholeNumber(1), 50)
    .action(async ({ limit, ...filter }: { limit: number } & Record<string, string>) => {
      const page = await list(session.client, '/v1/subscriptions', withIds(filter), limit);
      session.print(page, () =>
        table(page.items, 'No subscriptions.', {
          id: ({ id }) => id,
          customer: ({ customerId }) => customerId,
          name: ({ name }) => name,
          status: ({ status }) => status,
          'event types': ({ eventTypes }) => eventTypes,
          url: ({ url }) => url,
        }),
      );
    });

  subscriptions
    .command('show <id>')
    .description('Show a subscription')
    .action(async (id: string) => print(await session.client.request('GET', pathOf(id))));

  subscriptions
    .command('create')
    .description('Create a subscription and print it with its secret')
    .requiredOption('--customer <id>', 'customer to notify')
    .requiredOption('--name <name>', 'name of the subscription')
    .requiredOption('--endpoint <url>', 'URL that receives the notifications')
    .requiredOption('--types <names>', 'event types or patterns, separated by commas', listOf)
    .option('--product <id>', 'only events of this product')
    .option('--description <text>', 'description of the subscription')
    .option('--method <method>', 'HTTP method: POST, GET or PUT (default: POST)')
    .option('--format <format>', 'shape of the body: standard, envelope, trigger or flat (default: standard)')
    .option('--channel <name>', 'only events with this channel (repeat or separate by commas for several)', listOf)
    .option('--header <header>', 'header of each request, as "Name: value" (repeat for several)', header)
    .option(
      '--retry-schedule <seconds>',
      'seconds to wait before each retry, such as 30,300; or default, growing, none (if absent, the schedule of the customer applies)',
      secondsList,
    )
    .option('--timeout-seconds <n>', 'timeout of an attempt, in seconds (default: 15)', wholeNumber(1))
    .option(
      '--out-of-order <rule>',
      'disable after this many seconds without success and this many failures, such as 432000,10; or never',
      outOfOrderRule,
    )
    .option('--secret <secret>', 'secret that signs the requests (default: generated)')
    .option('--secret-file <file>', 'file that contains the secret, or - for standard input')
    .option('--disabled', 'create it disabled: its notifications are held until it is enabled')
    .addHelpText(
      'after',
      `
Example:
  $ signpost subscriptions create --customer customer1 --name payments \\
      --endpoint https://customer1.com/payment-confirmed --types 'payment.*.v1'`,
    )
    .action(async ({ endpoint, types, channel, header: headers, disabled, outOfOrder, ...given }: CreateOptions) => {
      const { secret, secretFile, ...rest } = given;
      const body = definedOnly({
        ...withIds(rest),
        url: endpoint,
        eventTypes: types,
        channels: channel,
        headers,
        outOfOrderRule: outOfOrder,
        secret: await secretOption(session.io, 'secret', secret, secretFile),
        enabled: disabled ? false : undefined,
      });
      print(await session.client.request('POST', '/v1/subscriptions', { body }));
    });

  for (const [verb, description] of [
    ['enable', 'Resume deliveries and release held notifications in order'],
    ['disable', 'Hold the notifications of a subscription'],
  ] as const) {
    subscriptions
      .command(`${verb} <id>`)
      .description(description)
      .action(async (id: string) => {
        const changed = await session.client.request('POST', `${pathOf(id)}/${verb}`, { body: {} });
        session.print(changed, () => `${show(changed.id)} ${show(changed.status)}`);
      });
  }

  subscriptions
    .command('delete <id>')
    .description('Delete a subscription and cancel its open notifications')
    .action(async (id: string) => {
      await session.client.request('DELETE', pathOf(id));
      session.print({ id, deleted: true }, () => `${id} deleted`);
    });

  addChecks(subscriptions, session);
  addSecrets(subscriptions, session);

  function print(subscription: Json): void {
    session.print(subscription, () => fields(subscription));
  }
}

function addChecks(subscriptions: Command, session: Session): void {
  subscriptions
    .command('challenge <id>')
    .description('Check that the receiver knows the secret; exits with 1 if it does not')
    .action(async (id: string) => {
      const outcome = await session.client.request<{ status: string; detail: string; durationMs: number }>(
        'POST',
        `${pathOf(id)}/challenge`,
        { body: {} },
      );
      session.print(outcome, () => `${outcome.status} after ${outcome.durationMs} ms: ${show(outcome.detail)}`);
      if (outcome.status !== 'verified') throw new CliError(EXIT.failed, 'The receiver did not pass the challenge.');
    });

  subscriptions
    .command('trigger <id>')
    .description('Send a test notification through the normal pipeline')
    .option('--type <name>', 'event type (default: the first event type of the subscription)')
    .option('--data <json>', 'data: JSON, @file, or - for standard input (default: the sample of the event type)')
    .action(async (id: string, { type, data }: { type?: string; data?: string }) => {
      const body = definedOnly({
        type,
        data: data === undefined ? undefined : await jsonArgument(data, '--data', session.io),
      });
      const notification = await session.client.request('POST', `${pathOf(id)}/trigger`, { body });
      session.print(notification, () => `${show(notification.id)} ${show(notification.status)}`);
    });

  subscriptions
    .command('statistics <id>')
    .description('Show delivery statistics')
    .action(async (id: string) => {
      const statistics = await session.client.request('GET', `${pathOf(id)}/statistics`);
      session.print(statistics, () => fields(statistics));
    });
}

function addSecrets(subscriptions: Command, session: Session): void {
  subscriptions
    .command('secret <id>')
    .description('Print the secret; the audit log records this')
    .action(async (id: string) => printSecret(await session.client.request('GET', `${pathOf(id)}/secret`)));

  subscriptions
    .command('rotate <id>')
    .description('Create and print a new secret; the previous one also signs during the overlap')
    .option('--secret <secret>', 'new secret (default: generated)')
    .option('--secret-file <file>', 'file that contains the new secret, or - for standard input')
    .option(
      '--overlap-seconds <n>',
      'how long the previous secret also signs, in seconds (default: 86400, one day)',
      wholeNumber(0),
    )
    .action(async (id: string, { secret, secretFile, overlapSeconds }: RotateOptions) => {
      const body = definedOnly({
        secret: await secretOption(session.io, 'secret', secret, secretFile),
        overlapSeconds,
      });
      printSecret(await session.client.request('POST', `${pathOf(id)}/secret/rotate`, { body }));
    });

  subscriptions
    .command('secret-link <id>')
    .description('Create a link that shows the secret once')
    .option('--expires-in-seconds <n>', 'lifetime of the link, in seconds (default: 604800, one week)', wholeNumber(60))
    .action(async (id: string, options: { expiresInSeconds?: number }) => {
      const link = await session.client.request<{ url: string; expiresAt: string }>(
        'POST',
        `${pathOf(id)}/secret/link`,
        { body: definedOnly(options) },
      );
      session.print(link, () => link.url);
      if (!session.json) session.note(`The link works once and expires at ${link.expiresAt}.`);
    });

  function printSecret(secret: Json): void {
    session.print(secret, () => String(secret.secret));
  }
}

function pathOf(id: string): string {
  return `/v1/subscriptions/${encodeURIComponent(id)}`;
}
