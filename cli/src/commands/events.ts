import type { Command } from 'commander';
import { fromOptions, jsonArgument, listOf, timestamp } from '../arguments';
import { limitOption, printList } from '../lists';
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

/** Adds the `events` commands. */
export function addEvents(program: Command, session: Session): void {
  const events = program.command('events').description('Post and show events');

  events
    .command('send <type>')
    .description('Post an event')
    .option('--data <json>', 'data of the event: JSON, @file, or - for standard input', '{}')
    .option('--customer <id>', 'customer to notify (default: all customers of the product)')
    .option('--channel <name>', 'channel of the event (repeat or separate by commas for several)', listOf)
    .option('--id <id>', 'id of the event; Signpost ignores a repost with the same id (default: generated)')
    .option('--timestamp <time>', 'time of the event (default: now)', timestamp)
    .option('--user <json>', 'user who caused the event: JSON, @file, or - for standard input')
    .addHelpText(
      'after',
      `
Examples:
  $ signpost events send payment.confirmed.v1 --customer customer1 \\
      --data '{"paymentId":"P-1","amount":125.5}'
  $ signpost events send payment.confirmed.v1 --customer customer1 \\
      --data @payment.json`,
    )
    .action(async (type: string, options: SendOptions) => {
      const { io } = session;
      const { channel, ...rest } = options;
      const accepted = await session.client.events.send(
        fromOptions({
          ...rest,
          type,
          channels: channel,
          data: await jsonArgument(options.data, '--data', io),
          user: options.user === undefined ? undefined : await jsonArgument(options.user, '--user', io),
        }),
      );
      session.print(accepted, () =>
        [
          `event ${accepted.id} ${accepted.duplicate ? 'was already accepted' : 'accepted'}`,
          table(accepted.notifications, 'No subscription matched this event.', {
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
    .option('--type <name>', 'only events of this type')
    .option('--customer <id>', 'only events for this customer')
    .option(
      '--since <time>',
      'only events accepted since this time: RFC 3339, or an age such as 30m, 6h, 2d',
      timestamp,
    )
    .option('--until <time>', 'only events accepted before this time', timestamp)
    .addOption(limitOption())
    .action(
      printList(session, '/v1/events', 'No events.', {
        id: ({ id }) => id,
        type: ({ type }) => type,
        customer: ({ customerId }) => customerId ?? 'all',
        accepted: ({ acceptedAt }) => acceptedAt,
      }),
    );

  events
    .command('show <id>')
    .description('Show an event with its notifications')
    .action(async (id: string) => {
      const event = await session.client.events.get(id);
      session.print(event, () => fields(event));
    });
}
