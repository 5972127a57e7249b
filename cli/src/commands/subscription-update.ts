import type { Command } from 'commander';
import { definedOnly, jsonArgument, listOf } from '../arguments';
import { CliError, EXIT } from '../exit-codes';
import { fields } from '../output';
import type { Session } from '../session';
import { addSettingOptions, settingsOf, type SettingOptions } from './subscription-settings';

type UpdateOptions = SettingOptions & { set?: string };

/** Adds `subscriptions update`. */
export function addUpdate(subscriptions: Command, session: Session): void {
  const update = subscriptions
    .command('update <id>')
    .description('Change settings of a subscription; the others stay as they are')
    .option('--name <name>', 'name of the subscription')
    .option('--endpoint <url>', 'URL that receives the notifications')
    .option('--types <names>', 'event types or patterns, separated by commas', listOf);
  addSettingOptions(update, false)
    .option('--set <json>', 'any settings as in the API, such as auth and tls: JSON, @file, or - for standard input')
    .addHelpText(
      'after',
      `
Channels and headers replace the previous ones.

Examples:
  $ signpost subscriptions update sub_… --endpoint https://new.example/hooks
  $ signpost subscriptions update sub_… --set '{"channels":[]}'
  $ signpost subscriptions update sub_… --set @auth.json`,
    )
    .action(async (id: string, { set, ...given }: UpdateOptions) => {
      const settings = set === undefined ? {} : await jsonArgument(set, '--set', session.io);
      if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
        throw new CliError(EXIT.usage, '--set is not a JSON object. Use one such as {"channels":[]}.');
      const body = { ...settings, ...definedOnly(settingsOf(given)) };
      if (Object.keys(body).length === 0)
        throw new CliError(EXIT.usage, 'Nothing to change. Set at least one option, such as --endpoint.');
      const changed = await session.client.subscriptions.update(id, definedOnly(body));
      session.print(changed, () => fields(changed));
    });
}
