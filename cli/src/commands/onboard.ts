import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { wholeNumber } from '../arguments';
import type { Client } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { challenge, sendTest, type CheckResult } from '../onboard/checks';
import { planCustomer, type CustomerPlan } from '../onboard/customer';
import { toHtml, toMarkdown } from '../onboard/document';
import { handOverSheet, type SecretLink } from '../onboard/hand-over';
import { showSteps, type Step } from '../onboard/plan';
import { planProduct } from '../onboard/product';
import { SourceFile } from '../onboard/source';
import { table } from '../output';
import type { Session } from '../session';

interface CustomerOptions {
  dryRun?: boolean;
  prune?: boolean;
  challenge?: boolean;
  test?: boolean;
  handOver?: string[];
  linkExpiresInSeconds?: number;
}

/** Adds the `onboard` commands: sets up a product or a customer from one file. */
export function addOnboard(program: Command, session: Session): void {
  const onboard = program
    .command('onboard')
    .description('Set up a product or a customer from one YAML or JSON file')
    .addHelpText(
      'after',
      `
The file describes the desired state. The command changes only what differs, so
you can run it again after every change. All errors in a file are reported
together, with line and column, before anything is written.

examples/onboarding/ contains an example of each file. docs/operators/cli.md
describes every field.`,
    );

  onboard
    .command('product <file>')
    .description('Set up a product, its event types and its API keys')
    .option('--dry-run', 'print the plan and change nothing')
    .addHelpText(
      'after',
      `
Example:
  $ signpost onboard product examples/onboarding/payments.yaml --dry-run`,
    )
    .action(async (file: string, { dryRun = false }: { dryRun?: boolean }) => {
      const plan = await planProduct(session.client, new SourceFile(file));
      if (!dryRun) for (const call of plan.calls) await call();
      const { steps, createdKeys } = plan;
      session.print({ dryRun, steps, createdKeys }, () =>
        [
          showSteps(steps),
          ...createdKeys.map(({ name, key }) => `\nAPI key ${name} (store it now; it cannot be shown again):\n${key}`),
        ].join('\n'),
      );
    });

  onboard
    .command('customer <file>')
    .description('Set up a customer with all of its subscriptions')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--prune', 'remove subscriptions that are not in the file, and cancel their open notifications')
    .option('--challenge', 'check that each endpoint knows its secret')
    .option('--test', 'send each endpoint a test notification')
    .option(
      '--hand-over <file>',
      'write the hand-over sheet for the customer, a .md or .html file (repeat for both)',
      sheetFile,
    )
    .option(
      '--link-expires-in-seconds <n>',
      'lifetime of the secret links in the sheet, in seconds (default: 604800, one week)',
      wholeNumber(60),
    )
    .addHelpText(
      'after',
      `
If a challenge or a test fails, the exit code is 1. The customer stays set up.

Examples:
  $ signpost onboard customer examples/onboarding/customer1.yaml --dry-run
  $ signpost onboard customer examples/onboarding/customer1.yaml \\
      --hand-over customer1.html
  $ signpost onboard customer examples/onboarding/customer1.yaml \\
      --challenge --test`,
    )
    .action(async (file: string, options: CustomerOptions) => {
      const { client } = session;
      const plan = await planCustomer(client, new SourceFile(file), options.prune ?? false);
      const { steps } = plan;
      noteKept(session, steps);
      if (options.dryRun) {
        session.print({ dryRun: true, steps }, () => showSteps(steps));
        return;
      }
      for (const sheet of options.handOver ?? []) checkWritable(sheet);
      for (const call of plan.calls) await call();
      // Write the sheet before the checks: the customer needs it to pass them.
      await writeSheets(client, plan, options);
      const checks = await runChecks(client, plan, options);
      const subscriptions = plan.subscriptions.map(({ id, name, status, url }) => ({ id, name, status, url }));
      session.print({ dryRun: false, steps, subscriptions, checks, handOver: options.handOver ?? [] }, () =>
        [
          showSteps(steps),
          table(subscriptions, 'No subscriptions.', {
            subscription: ({ name }) => name,
            id: ({ id }) => id,
            status: ({ status }) => status,
          }),
          ...(checks.length > 0 ? [showChecks(checks)] : []),
          ...(options.handOver ? [`hand-over sheet: ${options.handOver.join(', ')}`] : []),
        ].join('\n\n'),
      );
      if (checks.some(({ passed }) => !passed))
        throw new CliError(
          EXIT.failed,
          'At least one check failed. The customer is set up; fix the endpoint and run the command again.',
        );
    });
}

/** Names the subscriptions that the file does not list and that stay. */
function noteKept(session: Session, steps: readonly Step[]): void {
  const kept = steps.filter(({ action }) => action === 'keep').map(({ object }) => object);
  if (kept.length > 0) session.note(`Not in the file, and kept: ${kept.join(', ')}. Remove them with --prune.`);
}

function sheetFile(name: string, previous: string[] = []): string[] {
  if (!/\.(md|html)$/.test(name)) throw new InvalidArgumentError('Expected a file name that ends in .md or .html.');
  return [...previous, name];
}

/** Fails before anything is set up, not after. */
function checkWritable(name: string): void {
  try {
    accessSync(path.dirname(name), constants.W_OK);
  } catch (error) {
    throw new CliError(EXIT.usage, `Cannot write ${name}: ${(error as Error).message}`);
  }
}

async function writeSheets(client: Client, plan: CustomerPlan, options: CustomerOptions): Promise<void> {
  if (!options.handOver) return;
  const links: SecretLink[] = [];
  for (const { id } of plan.subscriptions) {
    const link = await client.request('post', '/v1/subscriptions/{id}/secret/link', {
      params: { id },
      body: { expiresInSeconds: options.linkExpiresInSeconds },
    });
    links.push({ subscriptionId: id, ...link });
  }
  const { subscriptions, catalog, file } = plan;
  const blocks = handOverSheet({ customer: file.customer, subscriptions, catalog, links });
  for (const name of options.handOver) {
    try {
      // Anyone who can read the sheet can open the links.
      writeFileSync(name, name.endsWith('.html') ? toHtml(blocks) : toMarkdown(blocks), { mode: 0o600 });
    } catch (error) {
      throw new CliError(EXIT.failed, `Cannot write ${name}: ${(error as Error).message}`);
    }
  }
}

async function runChecks(client: Client, plan: CustomerPlan, options: CustomerOptions): Promise<CheckResult[]> {
  const { checks } = plan.file;
  const results: CheckResult[] = [];
  for (const subscription of plan.subscriptions) {
    if (options.challenge ?? checks.challenge) results.push(await challenge(client, subscription));
    if (options.test ?? checks.test) results.push(await sendTest(client, subscription));
  }
  return results;
}

function showChecks(checks: readonly CheckResult[]): string {
  return table(checks, 'No checks.', {
    check: ({ check }) => check,
    subscription: ({ subscription }) => subscription,
    result: ({ passed }) => (passed ? 'passed' : 'FAILED'),
    detail: ({ detail }) => detail,
  });
}
