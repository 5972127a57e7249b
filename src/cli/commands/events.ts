import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { given, jsonArgument, listOf, moment, wholeNumber, withIds } from '../arguments';
import { list, type Json } from '../client';
import { fields, table } from '../output';
import type { Session } from '../session';

interface SendOptions {
  id?: string;
  customer?: string;
  channel?: string[];
  timestamp?: string;
  data: string;
  user?: string;
}

/** `events`: facts posted by a product. */
export function addEvents(program: Command, session: Session): void {
  const events = program.command('events').description('Facts posted by a product');

  events
    .command('send <type>')
    .description('Post an event')
    .option('--data <json>', 'its data: JSON, @file, or - for standard input', '{}')
    .option('--customer <id>', 'default: every customer of the product')
    .option('--channel <name>', 'a channel (again or with commas for more)', listOf)
    .option('--id <id>', 'makes posting it again harmless; default: generated')
    .option('--timestamp <time>', 'when it happened; default: now', moment)
    .option('--user <json>', 'who caused it: JSON, @file or -')
    .addHelpText(
      'after',
      `
Examples:
  $ signpost events send payment.confirmed.v1 --customer customer1 --data '{"paymentId":"P-1","amount":125.5}'
  $ signpost events send payment.confirmed.v1 --customer customer1 --data @payment.json`,
    )
    .action(async (type: string, options: SendOptions) => {
      const { io } = session;
      const body = given({
        id: options.id ?? randomUUID(),
        type,
        customerId: options.customer,
        channels: options.channel,
        timestamp: options.timestamp,
        data: await jsonArgument(options.data, '--data', io),
        user: options.user === undefined ? undefined : await jsonArgument(options.user, '--user', io),
      });
      const accepted = await session.client.request<{ id: string; duplicate: boolean; notifications: Json[] }>(
        'POST',
        '/v1/events',
        { body },
      );
      session.print(accepted, () =>
        [
          `event ${accepted.id} ${accepted.duplicate ? 'was accepted before' : 'accepted'}`,
          table(accepted.notifications, {
            notification: ({ id }) => id,
            subscription: ({ subscriptionId }) => subscriptionId,
            status: ({ status }) => status,
          }),
        ].join('\n'),
      );
    });

  events
    .command('list')
    .description('List events, newest first')
    .option('--type <name>')
    .option('--customer <id>')
    .option('--since <time>', 'a time, or 30m, 6h, 2d ago', moment)
    .option('--until <time>', 'a time, or 30m, 6h, 2d ago', moment)
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .action(async ({ limit, ...filter }: { limit: number } & Record<string, string>) => {
      const page = await list(session.client, '/v1/events', withIds(filter), limit);
      session.print(page, () =>
        table(page.items, {
          id: ({ id }) => id,
          type: ({ type }) => type,
          customer: ({ customerId }) => customerId ?? 'all',
          accepted: ({ acceptedAt }) => acceptedAt,
        }),
      );
    });

  events
    .command('show <id>')
    .description('Show an event with its notifications')
    .action(async (id: string) => {
      const event = await session.client.request('GET', `/v1/events/${encodeURIComponent(id)}`);
      session.print(event, () => fields(event));
    });
}
