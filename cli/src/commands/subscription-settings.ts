import type { Command } from 'commander';
import type { RetryPreset } from '../../../src/domain/retry-schedule';
import type { OutOfOrderRule } from '../../../src/domain/types';
import { header, listOf, outOfOrderRule, ruleOf, secondsList, wholeNumber } from '../arguments';

/** Options for the settings of a subscription, of `create` and `update`. */
export interface SettingOptions {
  name?: string;
  endpoint?: string;
  types?: string[];
  description?: string;
  method?: string;
  format?: string;
  channel?: string[];
  header?: Record<string, string>;
  retrySchedule?: number[] | RetryPreset;
  timeoutSeconds?: number;
  outOfOrder?: OutOfOrderRule | 'never';
}

/**
 * Adds the options that nobody has to give, that is all but the name, the URL and the types.
 *
 * @param isNew - whether the help says which defaults a new subscription gets
 */
export function addSettingOptions(command: Command, isNew: boolean): Command {
  const text = (meaning: string, standard: string) => (isNew ? `${meaning} (${standard})` : meaning);
  return command
    .option('--description <text>', 'description of the subscription')
    .option('--method <method>', text('HTTP method: POST, GET or PUT', 'default: POST'))
    .option('--format <format>', text('shape of the body: standard, envelope, trigger or flat', 'default: standard'))
    .option('--channel <name>', 'only events with this channel (repeat or separate by commas for several)', listOf)
    .option('--header <header>', 'header of each request, as "Name: value" (repeat for several)', header)
    .option(
      '--retry-schedule <seconds>',
      text(
        'seconds to wait before each retry, such as 30,300; or default, growing, none',
        'if absent, the schedule of the customer applies',
      ),
      secondsList,
    )
    .option('--timeout-seconds <n>', text('timeout of an attempt, in seconds', 'default: 15'), wholeNumber(1))
    .option(
      '--out-of-order <rule>',
      'disable after this many seconds without success and this many failures, such as 432000,10; or never',
      outOfOrderRule,
    );
}

/** The settings in the words of the API; those that were not given are undefined. */
export function settingsOf({ endpoint, types, channel, header: headers, outOfOrder, ...rest }: SettingOptions) {
  return {
    ...rest,
    url: endpoint,
    eventTypes: types,
    channels: channel,
    headers,
    outOfOrderRule: ruleOf(outOfOrder),
  };
}
