import type { Command } from 'commander';
import type { OutOfOrderRule } from '../../domain/types';
import { given, header, jsonArgument, listOf, outOfOrderRule, secondsList, wholeNumber, withIds } from '../arguments';
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
  disabled?: boolean;
}

/** `subscriptions`: where and how a customer is notified. */
export function addSubscriptions(program: Command, session: Session): void {
  const subscriptions = program.command('subscriptions').description('Where and how a customer is notified');

  subscriptions
    .command('list')
    .description('List subscriptions, newest first')
    .option('--customer <id>')
    .option('--product <id>')
    .option('--status <status>', 'enabled, disabled, out-of-order, awaiting-approval or unverified')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .action(async ({ limit, ...filter }: { limit: number } & Record<string, string>) => {
      const page = await list(session.client, '/v1/subscriptions', withIds(filter), limit);
      session.print(page, () =>
        table(page.items, {
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
    .description('Create a subscription; its secret is shown this once')
    .requiredOption('--customer <id>')
    .requiredOption('--name <name>')
    .requiredOption('--endpoint <url>', 'where notifications go')
    .requiredOption('--types <names>', 'event types or patterns, separated by commas', listOf)
    .option('--product <id>')
    .option('--description <text>')
    .option('--method <method>', 'POST, GET or PUT')
    .option('--format <format>', 'standard, envelope, trigger or flat')
    .option('--channel <name>', 'only events with one of these channels', listOf)
    .option('--header <header>', '"Name: value" (again for more)', header)
    .option('--retry-schedule <seconds>', 'waits before the retries, as 30,300; or default, growing, none', secondsList)
    .option('--timeout-seconds <n>', 'for one attempt', wholeNumber(1))
    .option(
      '--out-of-order <rule>',
      'seconds and failures in a row after which it is switched off, as 432000,10; or never',
      outOfOrderRule,
    )
    .option('--secret <secret>', 'brought by the customer; default: generated')
    .option('--disabled', 'hold its notifications until it is enabled')
    .addHelpText(
      'after',
      `
Example:
  $ signpost subscriptions create --customer customer1 --name payments \\
      --endpoint https://customer1.com/payment-confirmed --types 'payment.*.v1'`,
    )

    .action(async ({ endpoint, types, channel, header: headers, disabled, outOfOrder, ...rest }: CreateOptions) => {
      const body = given({
        ...withIds(rest),
        url: endpoint,
        eventTypes: types,
        channels: channel,
        headers,
        outOfOrderRule: outOfOrder,
        enabled: disabled ? false : undefined,
      });
      print(await session.client.request('POST', '/v1/subscriptions', { body }));
    });

  for (const [verb, description] of [
    ['enable', 'Take deliveries again; what was held is released in order'],
    ['disable', 'Hold its notifications'],
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
    .description('Delete it and cancel its pending notifications')
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
    .description('Have the receiver prove that it knows the secret; exit code 1 where it does not')
    .action(async (id: string) => {
      const outcome = await session.client.request<{ status: string; detail: string; durationMs: number }>(
        'POST',
        `${pathOf(id)}/challenge`,
        { body: {} },
      );
      session.print(outcome, () => `${outcome.status} after ${outcome.durationMs} ms: ${show(outcome.detail)}`);
      if (outcome.status !== 'verified') throw new CliError(EXIT.failed, 'The challenge was not passed.');
    });

  subscriptions
    .command('trigger <id>')
    .description("Send a test notification by the real path: the event type's sample, or given data")
    .option('--type <name>', 'default: the first event type of the subscription')
    .option('--data <json>', 'JSON, @file or -')
    .action(async (id: string, { type, data }: { type?: string; data?: string }) => {
      const body = given({
        type,
        data: data === undefined ? undefined : await jsonArgument(data, '--data', session.io),
      });
      const notification = await session.client.request('POST', `${pathOf(id)}/trigger`, { body });
      session.print(notification, () => `${show(notification.id)} ${show(notification.status)}`);
    });

  subscriptions
    .command('statistics <id>')
    .description('Show how its deliveries have gone')
    .action(async (id: string) => {
      const statistics = await session.client.request('GET', `${pathOf(id)}/statistics`);
      session.print(statistics, () => fields(statistics));
    });
}

function addSecrets(subscriptions: Command, session: Session): void {
  subscriptions
    .command('secret <id>')
    .description('Reveal the secret (noted in the audit)')
    .action(async (id: string) => printSecret(await session.client.request('GET', `${pathOf(id)}/secret`)));

  subscriptions
    .command('rotate <id>')
    .description('Make a new secret; the old one signs too for a while')
    .option('--secret <secret>', 'default: generated')
    .option('--overlap-seconds <n>', 'how long the old one signs too; default: a day', wholeNumber(0))
    .action(async (id: string, options: { secret?: string; overlapSeconds?: number }) =>
      printSecret(await session.client.request('POST', `${pathOf(id)}/secret/rotate`, { body: given(options) })),
    );

  subscriptions
    .command('secret-link <id>')
    .description('Make a link that shows the secret once, to hand it over')
    .option('--expires-in-seconds <n>', 'default: a week', wholeNumber(60))
    .action(async (id: string, options: { expiresInSeconds?: number }) => {
      const link = await session.client.request<{ url: string; expiresAt: string }>(
        'POST',
        `${pathOf(id)}/secret/link`,
        { body: given(options) },
      );
      session.print(link, () => link.url);
      if (!session.json) session.note(`works once, until ${link.expiresAt}`);
    });

  function printSecret(secret: Json): void {
    session.print(secret, () => String(secret.secret));
  }
}

function pathOf(id: string): string {
  return `/v1/subscriptions/${encodeURIComponent(id)}`;
}
