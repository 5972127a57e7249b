import type { z } from 'zod';
import type { OperationalRules } from '../domain/operational-events';
import { integer, list, setting } from './setting';

const DEFAULT_PERCENTS = [50, 70, 90];

const percents = list((entry) => /^[1-9]\d?$/.test(entry))
  .refine((entries) => entries === undefined || entries.length <= 5)
  .transform((entries) => entries && [...new Set(entries.map(Number))].sort((a, b) => a - b));

/** Settings of the events by which Signpost notifies operators. */
export const OPERATIONAL_SETTINGS = {
  SIGNPOST_OPERATIONAL_FAILING_PERCENTS: setting(percents, {
    default: DEFAULT_PERCENTS.join(),
    expected: 'at most 5 integers from 1 to 99, separated by commas',
    meaning:
      'Percentages of the out-of-order rule at which `signpost.subscription.failing.v1` reports a subscription. Set but empty means never.',
    emptyMeansNone: true,
  }),
  SIGNPOST_OPERATIONAL_BACKLOG_NOTIFICATIONS: setting(integer(1, 1_000_000_000, 10_000), {
    default: '10000',
    expected: 'a number, 1 to 1000000000',
    meaning: 'Pending notifications of the installation at which `signpost.backlog.high.v1` is raised.',
  }),
  SIGNPOST_OPERATIONAL_QUIET_SECONDS: setting(integer(0, 604_800, 600), {
    default: '600',
    expected: 'seconds, 0 to 604800',
    meaning:
      'How long a state that ended is not reported again for the same subscription, so that one that fails and recovers all the time raises few operational events.',
  }),
  SIGNPOST_OPERATIONAL_EVENTS_PER_MINUTE: setting(integer(1, 1000, 20), {
    default: '20',
    expected: 'a number, 1 to 1000',
    meaning:
      'Operational events of one type in a minute. When more subscriptions turn, the last of these events counts the others in `alsoAffected`.',
  }),
};

type OperationalSettings = {
  [Name in keyof typeof OPERATIONAL_SETTINGS]: z.output<(typeof OPERATIONAL_SETTINGS)[Name]['schema']>;
};

export const operationalRules = (settings: OperationalSettings): OperationalRules => ({
  failingPercents: settings.SIGNPOST_OPERATIONAL_FAILING_PERCENTS ?? DEFAULT_PERCENTS,
  quietSeconds: settings.SIGNPOST_OPERATIONAL_QUIET_SECONDS,
  eventsPerMinute: settings.SIGNPOST_OPERATIONAL_EVENTS_PER_MINUTE,
  backlogNotifications: settings.SIGNPOST_OPERATIONAL_BACKLOG_NOTIFICATIONS,
});
