import { t } from '@lingui/core/macro';

const TEXTS: Record<string, string> = {
  // Notifications
  pending: t`pending`,
  delivering: t`delivering`,
  delivered: t`delivered`,
  retrying: t`retrying`,
  failed: t`failed`,
  held: t`held`,
  cancelled: t`cancelled`,
  // Endpoints
  enabled: t`enabled`,
  disabled: t`disabled`,
  'out-of-order': t`disabled automatically`,
  'awaiting-approval': t`awaiting approval`,
  unverified: t`unverified`,
  // Challenges, recoveries and URL patterns
  verified: t`verified`,
  running: t`running`,
  completed: t`completed`,
  requested: t`requested`,
  approved: t`approved`,
  rejected: t`rejected`,
};

/** The status of an endpoint, notification, challenge, recovery or URL pattern, in words. */
export const statusText = (status: string): string => TEXTS[status] ?? status;
