import { LosslessJson } from '../../domain/lossless-json';
import type { OutOfOrderRule } from '../../domain/types';
import type { SubscriptionSettings } from '../../store/subscriptions/subscriptions';
import type { Context } from '../http/route';
import { ruleOf } from '../schemas/subscription-schemas';
import type { NewSettings } from './subscription-service';

/**
 * Replaces the custom data by the text of the request, so that its numbers keep their digits.
 *
 * @param path - path of the settings in the body
 */
export function withWritten<Settings extends Partial<Pick<SubscriptionSettings, 'customData'>>>(
  settings: Settings,
  written: LosslessJson | undefined,
  ...path: (string | number)[]
): Settings {
  const text = written?.at(...path, 'customData');
  return text === undefined ? settings : { ...settings, customData: new LosslessJson(text) };
}

/**
 * Completes the settings of a new subscription, or of one in a set, by what only the request shows:
 * the digits of its custom data, and the name of its retry schedule.
 *
 * @param path - path of the settings in the body
 */
export function asWritten<Settings extends Pick<NewSettings, 'customData' | 'outOfOrderRule'>>(
  settings: Settings,
  { request, losslessBody }: Pick<Context, 'request' | 'losslessBody'>,
  ...path: (string | number)[]
): Settings & { outOfOrderRule: OutOfOrderRule | null } {
  let sent: unknown = request.body;
  for (const name of path) sent = (sent as Record<string | number, unknown>)[name];
  const outOfOrderRule = ruleOf(settings.outOfOrderRule, (sent as { retrySchedule?: unknown }).retrySchedule);
  return { ...withWritten(settings, losslessBody(), ...path), outOfOrderRule };
}
