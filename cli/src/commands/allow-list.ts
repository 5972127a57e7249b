import type { Command } from 'commander';
import { fromOptions } from '../arguments';
import type { Json } from '../client';
import { limitOption, printList } from '../lists';
import { show } from '../output';
import type { Session } from '../session';

/** Adds the `allow-list` commands: URLs that subscriptions may use. */
export function addAllowList(program: Command, session: Session): void {
  const allowList = program
    .command('allow-list')
    .description('Manage the URLs that subscriptions may use, and approve requested ones');

  allowList
    .command('list')
    .description('List URL patterns, newest first')
    .option('--status <status>', 'only this status: requested, approved or rejected')
    .addOption(limitOption())
    .addHelpText(
      'after',
      `
Example:
  $ signpost allow-list list --status requested`,
    )
    .action(
      printList(session, '/v1/url-allowlist', 'No URL patterns.', {
        id: ({ id }) => id,
        status: ({ status }) => status,
        pattern: ({ pattern }) => pattern,
        customer: ({ customerId }) => customerId ?? 'all',
        product: ({ productId }) => productId,
      }),
    );

  allowList
    .command('add <pattern>')
    .description('Allow a URL pattern, or request it with the key of a product')
    .option('--customer <id>', 'only for this customer (default: all customers)')
    .addHelpText(
      'after',
      `
A pattern is scheme://host[:port][/path-prefix], or a host, which means https.

Example:
  $ signpost allow-list add https://customer1.com --customer customer1`,
    )
    .action(async (pattern: string, options: { customer?: string }) =>
      print(await session.client.allowlist.create(fromOptions({ pattern, ...options }))),
    );

  for (const [verb, status, description] of [
    ['approve', 'approved', 'Approve a requested URL pattern, and release what waited for it'],
    ['reject', 'rejected', 'Reject a requested URL pattern'],
  ] as const) {
    allowList
      .command(`${verb} <id>`)
      .description(description)
      .action(async (id: string) => print(await session.client.allowlist.decide(id, status)));
  }

  allowList
    .command('remove <id>')
    .description('Remove a URL pattern; subscriptions that need it then await approval')
    .action(async (id: string) => {
      await session.client.allowlist.delete(id);
      session.print({ id, removed: true }, () => `${id} removed`);
    });

  function print(entry: Json): void {
    session.print(entry, () => [entry.id, entry.status, entry.pattern].map(show).join('  '));
  }
}
