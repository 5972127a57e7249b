import type { Command } from 'commander';
import { wholeNumber } from '../arguments';
import { limitOption, printList } from '../lists';
import type { Session } from '../session';

interface LinkOptions {
  expiresInSeconds?: number;
  once?: boolean;
  returnUrl?: string;
}

/** Adds the `portal` commands: links to the portal of a customer. */
export function addPortal(program: Command, session: Session): void {
  const portal = program.command('portal').description("Create and end links to a customer's portal");

  portal
    .command('link <customerId>')
    .description("Print a link that opens the customer's portal for a limited time")
    .option('--expires-in-seconds <n>', 'lifetime of the link, in seconds (default: 3600, one hour)', wholeNumber(60))
    .option('--once', 'the link opens in one browser only')
    .option('--return-url <url>', 'page that the portal links back to')
    .action(async (customerId: string, options: LinkOptions) => {
      const link = await session.client.portalSessions.create({ customerId, ...options });
      session.print(link, () => link.url);
      if (!session.json) session.note(`${link.id} expires at ${link.expiresAt}.`);
    });

  portal
    .command('list')
    .description('List the links that have not expired')
    .option('--customer <id>', 'only links of this customer')
    .addOption(limitOption())
    .action(
      printList(session, '/v1/portal-sessions', 'No links.', {
        id: ({ id }) => id,
        customer: ({ customerId }) => customerId,
        expires: ({ expiresAt }) => expiresAt,
        once: ({ once }) => once,
      }),
    );

  portal
    .command('end <id>')
    .description('End a link and what was opened with it')
    .action(async (id: string) => {
      await session.client.request('delete', '/v1/portal-sessions/{id}', { params: { id } });
      session.print({ id, ended: true }, () => `${id} ended`);
    });
}
