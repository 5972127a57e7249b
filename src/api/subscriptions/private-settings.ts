import { maskCustomData } from '../../domain/formats';
import { LosslessJson, stringifyLossless } from '../../domain/lossless-json';
import { maskMembers, maskQuery } from '../../domain/mask';
import {
  maskPrivateSettings,
  NO_PRIVATE_SETTINGS,
  NOTHING_STORED,
  unmaskPrivateSettings,
  type PrivateSettings,
} from '../../domain/private-settings';
import { Problem, type FieldError } from '../../domain/problems';
import type { AttemptDetail, Principal, Subscription } from '../../domain/types';
import { unmaskMembers, unmaskQuery } from '../../domain/unmask';
import type { Sealer } from '../../store/db/crypto';
import { openPrivateSettings } from '../../store/subscriptions/private-settings';
import type { SubscriptionSettings } from '../../store/subscriptions/subscriptions';
import { pointer } from '../http/parse-input';
import { CUSTOMER_WRITERS } from '../http/roles';

/** Whether a caller may change the subscriptions it sees, and so may see their headers and URLs. */
export function mayChangeSubscriptions({ role }: Pick<Principal, 'role'>): boolean {
  return (CUSTOMER_WRITERS as readonly string[]).includes(role);
}

/** A URL as a caller may see it. Its query often holds a token. */
export function shownUrl(principal: Pick<Principal, 'role'>, url: string): string {
  return mayChangeSubscriptions(principal) ? url : maskQuery(url);
}

/** An attempt as a caller may see it. */
export function shownAttempt(principal: Pick<Principal, 'role'>, attempt: AttemptDetail): AttemptDetail {
  if (mayChangeSubscriptions(principal)) return attempt;
  const { url, body, ...request } = attempt.request;
  return { ...attempt, request: { ...request, url: maskQuery(url), body: body && maskCustomData(body) } };
}

/** A subscription in an answer. */
export type ShownSubscription = Omit<Subscription, 'privateSettings' | 'customData'> &
  PrivateSettings & { customData: LosslessJson | Record<string, string> };

/** Opens a subscription for an answer, and masks what the caller may not see. */
export function showSubscription(
  sealer: Sealer,
  principal: Pick<Principal, 'role'>,
  { privateSettings, ...subscription }: Subscription,
): ShownSubscription {
  const opened = openPrivateSettings(sealer, subscription.id, privateSettings);
  const mayChange = mayChangeSubscriptions(principal);
  return {
    ...subscription,
    customData: mayChange ? subscription.customData : maskMembers(subscription.customData.value() as object),
    url: shownUrl(principal, subscription.url),
    ...maskPrivateSettings(opened, mayChange),
  };
}

type Maskable = PrivateSettings & Pick<SubscriptionSettings, 'url' | 'customData'>;

/**
 * Replaces the masks in a request by the stored values.
 *
 * @param stored - the settings of the subscription; none if it is new
 * @throws Problem validation-failed if a mask stands for nothing
 */
export function withoutMasks(given: Partial<Maskable>, stored?: Maskable): Partial<Maskable> {
  const errors: FieldError[] = [];
  const settings: Partial<Maskable> = {};
  const refuse = (path: string[]) => errors.push({ path: pointer(path, ''), message: NOTHING_STORED });
  if (given.url !== undefined) {
    const { url, unfounded } = unmaskQuery(given.url, stored?.url);
    settings.url = url;
    if (unfounded.length > 0) refuse(['url']);
  }
  if (given.customData !== undefined) {
    const before = stored && lossless(stored.customData);
    const { members, unfounded } = unmaskMembers(lossless(given.customData), before);
    settings.customData = members;
    for (const name of unfounded) refuse(['customData', name]);
  }
  const unmasked = unmaskPrivateSettings(given, stored ?? NO_PRIVATE_SETTINGS);
  errors.push(...unmasked.errors.map(({ path, message }) => ({ path: pointer(path, ''), message })));
  if (errors.length === 0) return { ...settings, ...unmasked.settings };
  throw new Problem('validation-failed', 'A masked value was sent, and no value is stored for it.', { errors });
}

const lossless = (json: SubscriptionSettings['customData']): LosslessJson =>
  json instanceof LosslessJson ? json : new LosslessJson(stringifyLossless(json));

type Access = Pick<SubscriptionSettings, 'format' | 'headers' | 'auth'>;

/**
 * Refuses settings that would send the header Authorization twice: format `trigger` sends its token
 * in it, and `auth` its credentials.
 *
 * @throws Problem validation-failed
 */
export function refuseTwoAuthorizations({ format, headers, auth }: Access): void {
  const name = Object.keys(headers).find((header) => header.toLowerCase() === 'authorization');
  const errors: FieldError[] = [];
  if (format === 'trigger') {
    if (name) errors.push({ path: `/headers/${name}`, message: 'is set by Signpost in format trigger' });
    if (auth.type !== 'none')
      errors.push({ path: '/auth', message: 'cannot be combined with format trigger, which sends a token of its own' });
  } else if (name && auth.type !== 'none') {
    errors.push({ path: `/headers/${name}`, message: 'is set by auth: remove one of the two' });
  }
  if (errors.length === 0) return;
  throw new Problem('validation-failed', 'Only one setting can set the header Authorization.', { errors });
}
