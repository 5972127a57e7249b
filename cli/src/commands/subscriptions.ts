import type { Command } from 'commander';
import { fromOptions, jsonArgument, listOf, secretOption, wholeNumber } from '../arguments';
import type { Json } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { limitOption, printList } from '../lists';
import { fields, show } from '../output';
import type { Session } from '../session';
import { addSigningKey } from './signing-key';
import { addSettingOptions, settingsOf, type SettingOptions } from './subscription-settings';
import { addUpdate } from './subscription-update';

interface CreateOptions extends SettingOptions {
  customer: string;
  product?: string;
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
    .addOption(limitOption())
    .action(
      printList(session, '/v1/subscriptions', 'No subscriptions.', {
        id: ({ id }) => id,
        customer: ({ customerId }) => customerId,
        name: ({ name }) => name,
        status: ({ status }) => status,
        'event types': ({ eventTypes }) => eventTypes,
        url: ({ url }) => url,
      }),
    );

  subscriptions
    .command('show <id>')
    .description('Show a subscription')
    .action(async (id: string) => print(await session.client.subscriptions.get(id)));

  const create = subscriptions
    .command('create')
    .description('Create a subscription and print it with its secret')
    .requiredOption('--customer <id>', 'customer to notify')
    .requiredOption('--name <name>', 'name of the subscription')
    .requiredOption('--endpoint <url>', 'URL that receives the notifications')
    .requiredOption('--types <names>', 'event types or patterns, separated by commas', listOf)
    .option('--product <id>', 'only events of this product');
  addSettingOptions(create, true)
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
    .action(async ({ secret, secretFile, disabled, ...given }: CreateOptions) => {
      const body = fromOptions<Parameters<typeof session.client.subscriptions.create>[0]>({
        ...settingsOf(given),
        secret: await secretOption(session.io, 'secret', secret, secretFile),
        enabled: disabled ? false : undefined,
      });
      print(await session.client.subscriptions.create(body));
    });

  addUpdate(subscriptions, session);

  for (const [verb, description] of [
    ['enable', 'Resume deliveries and release held notifications in order'],
    ['disable', 'Hold the notifications of a subscription'],
  ] as const) {
    subscriptions
      .command(`${verb} <id>`)
      .description(description)
      .action(async (id: string) => {
        const changed = await session.client.subscriptions[verb](id);
        session.print(changed, () => `${show(changed.id)} ${show(changed.status)}`);
      });
  }

  subscriptions
    .command('delete <id>')
    .description('Delete a subscription and cancel its open notifications')
    .action(async (id: string) => {
      await session.client.subscriptions.delete(id);
      session.print({ id, deleted: true }, () => `${id} deleted`);
    });

  addChecks(subscriptions, session);
  addSecrets(subscriptions, session);
  addSigningKey(subscriptions, session);

  function print(subscription: Json): void {
    session.print(subscription, () => fields(subscription));
  }
}

function addChecks(subscriptions: Command, session: Session): void {
  subscriptions
    .command('challenge <id>')
    .description('Check that the receiver knows the secret; exits with 1 if it does not')
    .action(async (id: string) => {
      const outcome = await session.client.subscriptions.challenge(id);
      session.print(outcome, () => `${outcome.status} after ${outcome.durationMs} ms: ${show(outcome.detail)}`);
      if (outcome.status !== 'verified') throw new CliError(EXIT.failed, 'The receiver did not pass the challenge.');
    });

  subscriptions
    .command('trigger <id>')
    .description('Send a test notification through the normal pipeline')
    .option('--type <name>', 'event type (default: the first event type of the subscription)')
    .option('--data <json>', 'data: JSON, @file, or - for standard input (default: the sample of the event type)')
    .action(async (id: string, { type, data }: { type?: string; data?: string }) => {
      const body = { type, data: data === undefined ? undefined : await jsonArgument(data, '--data', session.io) };
      const notification = await session.client.subscriptions.trigger(id, fromOptions(body));
      session.print(notification, () => `${show(notification.id)} ${show(notification.status)}`);
    });

  subscriptions
    .command('statistics <id>')
    .description('Show delivery statistics')
    .action(async (id: string) => {
      const statistics = await session.client.subscriptions.statistics(id);
      session.print(statistics, () => fields(statistics));
    });
}

function addSecrets(subscriptions: Command, session: Session): void {
  subscriptions
    .command('secret <id>')
    .description('Print the secret; the audit log records this')
    .action(async (id: string) => printSecret(await session.client.subscriptions.secret(id)));

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
      const body = { secret: await secretOption(session.io, 'secret', secret, secretFile), overlapSeconds };
      printSecret(await session.client.subscriptions.rotateSecret(id, body));
    });

  subscriptions
    .command('secret-link <id>')
    .description('Create a link that shows the secret once')
    .option('--expires-in-seconds <n>', 'lifetime of the link, in seconds (default: 604800, one week)', wholeNumber(60))
    .action(async (id: string, options: { expiresInSeconds?: number }) => {
      const link = await session.client.request('post', '/v1/subscriptions/{id}/secret/link', {
        params: { id },
        body: options,
      });
      session.print(link, () => link.url);
      if (!session.json) session.note(`The link works once and expires at ${link.expiresAt}.`);
    });

  function printSecret(secret: Json): void {
    session.print(secret, () => String(secret.secret));
  }
}
