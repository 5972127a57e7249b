import type { Command } from 'commander';
import { fromOptions, timestamp } from '../arguments';
import { limitOption, printList } from '../lists';
import { fields } from '../output';
import type { Session } from '../session';

interface MarkOptions {
  customer?: string;
  subscription?: string;
  product?: string;
  description?: string;
  link?: string;
  at?: string;
  idempotencyKey?: string;
}

/** Adds the `deploys` commands: versions that customers and products put into operation. */
export function addDeploys(program: Command, session: Session): void {
  const deploys = program
    .command('deploys')
    .description('Mark which version was deployed when, to compare deliveries with it');

  deploys
    .command('mark <version>')
    .description('Record that a version was deployed')
    .option('--customer <id>', 'customer that deployed (default: the one of the credential)')
    .option('--subscription <id>', 'the only subscription that the deploy concerns')
    .option('--product <id>', 'product that deployed (default: the one of the credential)')
    .option('--description <text>', 'what changed')
    .option('--link <url>', 'where people read more, such as the CI job')
    .option('--at <time>', 'when it was deployed: RFC 3339, or an age such as 10m (default: now)', timestamp)
    .option('--idempotency-key <key>', 'a repeat with the same key within 24 hours marks nothing again')
    .addHelpText(
      'after',
      `
Example:
  $ signpost deploys mark "orders 2.4.1" --customer customer1 \\
      --link "$CI_JOB_URL" --idempotency-key "$CI_JOB_ID"`,
    )
    .action(async (version: string, { link: url, idempotencyKey, ...options }: MarkOptions) => {
      const body = { version, ...fromOptions<object>({ ...options, url }) };
      const deploy = await session.client.request('post', '/v1/deploys', { body, idempotencyKey });
      session.print(deploy, () => fields(deploy));
    });

  deploys
    .command('list')
    .description('List deploys, newest first')
    .option('--customer <id>', 'only of this customer')
    .option('--subscription <id>', 'only those that concern this subscription')
    .option('--product <id>', 'only of this product and of its customers')
    .option('--since <time>', 'deployed at or after this time: RFC 3339, or an age such as 2d', timestamp)
    .option('--until <time>', 'deployed before this time', timestamp)
    .addOption(limitOption())
    .action(
      printList(session, '/v1/deploys', 'No deploys.', {
        id: ({ id }) => id,
        time: ({ at }) => at,
        version: ({ version }) => version,
        product: ({ productId }) => productId,
        customer: ({ customerId }) => customerId,
        subscription: ({ subscriptionId }) => subscriptionId,
      }),
    );

  deploys
    .command('delete <id>')
    .description('Delete a deploy that was marked by mistake')
    .action(async (id: string) => {
      await session.client.deploys.delete(id);
      session.print({ id, deleted: true }, () => `${id} deleted`);
    });
}
