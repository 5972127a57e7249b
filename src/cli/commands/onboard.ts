import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { given, wholeNumber } from '../arguments';
import type { Client } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { challenge, sendTest, type CheckResult } from '../onboard/checks';
import { planCustomer, type CustomerPlan } from '../onboard/customer';
import { toHtml, toMarkdown } from '../onboard/document';
import { handOverSheet, type SecretLink } from '../onboard/hand-over';
import { showSteps } from '../onboard/plan';
import { planProduct } from '../onboard/product';
import { SourceFile } from '../onboard/source';
import { table } from '../output';
import type { Session } from '../session';

interface CustomerOptions {
  dryRun?: boolean;
  challenge?: boolean;
  test?: boolean;
  handOver?: string[];
  linkExpiresInSeconds?: number;
}

/** `onboard`: a product or a customer from one file, as often as one likes. */
export function addOnboard(program: Command, session: Session): void {
  const onboard = program
    .command('onboard')
    .description('Set up a product or a customer from one YAML or JSON file')
    .addHelpText(
      'after',
      `
The file says how things are to be; what is so already is left alone, so it can be run again after every change. All faults of a file are told
at once, with their lines, before anything is written. examples/onboarding/ has a file of each kind, docs/operators/cli.md every field.`,
    );

  onboard
    .command('product <file>')
    .description('Set up a product, its event types and its API keys')
    .option('--dry-run', 'show what would be done, and do nothing')
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
        [showSteps(steps), ...createdKeys.map(({ name, key }) => `\nAPI key ${name}, shown this once:\n${key}`)].join(
          '\n',
        ),
      );
    });

  onboard
    .command('customer <file>')
    .description('Set up a customer with all of its subscriptions')
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--challenge', 'have each endpoint prove that it has its secret')
    .option('--test', 'send each endpoint a test notification')
    .option('--hand-over <file>', 'write the sheet for the customer: .md or .html (again for the other)', sheetFile)
    .option('--link-expires-in-seconds <n>', "of the sheet's links to the secrets; default: a week", wholeNumber(60))
    .addHelpText(
      'after',
      `
The exit code is 1 where a challenge or a test did not succeed; what was set up stays.

Examples:
  $ signpost onboard customer examples/onboarding/customer1.yaml --dry-run
  $ signpost onboard customer examples/onboarding/customer1.yaml --hand-over customer1.html
  $ signpost onboard customer examples/onboarding/customer1.yaml --challenge --test`,
    )
    .action(async (file: string, options: CustomerOptions) => {
      const { client } = session;
      const plan = await planCustomer(client, new SourceFile(file));
      const { steps } = plan;
      if (options.dryRun) {
        session.print({ dryRun: true, steps }, () => showSteps(steps));
        return;
      }
      for (const sheet of options.handOver ?? []) checkWritable(sheet);
      for (const call of plan.calls) await call();
      // The customer needs the sheet to pass the checks, so it comes first.
      await writeSheets(client, plan, options);
      const checks = await runChecks(client, plan, options);
      const subscriptions = plan.subscriptions.map(({ id, name, status, url }) => ({ id, name, status, url }));
      session.print({ dryRun: false, steps, subscriptions, checks, handOver: options.handOver ?? [] }, () =>
        [
          showSteps(steps),
          table(subscriptions, {
            subscription: ({ name }) => name,
            id: ({ id }) => id,
            status: ({ status }) => status,
          }),
          ...(checks.length > 0 ? [showChecks(checks)] : []),
          ...(options.handOver ? [`hand-over sheet: ${options.handOver.join(', ')}`] : []),
        ].join('\n\n'),
      );
      if (checks.some(({ passed }) => !passed)) throw new CliError(EXIT.failed, 'Not every check succeeded.');
    });
}

function sheetFile(name: string, before: string[] = []): string[] {
  if (!/\.(md|html)$/.test(name)) throw new InvalidArgumentError('expected a name that ends in .md or .html.');
  return [...before, name];
}

/** Better known before anything is set up. */
function checkWritable(name: string): void {
  try {
    accessSync(path.dirname(name), constants.W_OK);
  } catch (error) {
    throw new CliError(EXIT.usage, `${name} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}

async function writeSheets(client: Client, plan: CustomerPlan, options: CustomerOptions): Promise<void> {
  if (!options.handOver) return;
  const links: SecretLink[] = [];
  for (const { id } of plan.subscriptions) {
    const body = given({ expiresInSeconds: options.linkExpiresInSeconds });
    const path = `/v1/subscriptions/${encodeURIComponent(id)}/secret/link`;
    links.push({
      subscriptionId: id,
      ...(await client.request<Omit<SecretLink, 'subscriptionId'>>('POST', path, { body })),
    });
  }
  const { subscriptions, catalog, file } = plan;
  const blocks = handOverSheet({ customer: file.customer, subscriptions, catalog, links });
  for (const name of options.handOver) {
    try {
      // Who can read the sheet can open the links.
      writeFileSync(name, name.endsWith('.html') ? toHtml(blocks) : toMarkdown(blocks), { mode: 0o600 });
    } catch (error) {
      throw new CliError(EXIT.failed, `${name} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
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
  return table(checks, {
    check: ({ check }) => check,
    subscription: ({ subscription }) => subscription,
    result: ({ passed }) => (passed ? 'passed' : 'FAILED'),
    detail: ({ detail }) => detail,
  });
}
