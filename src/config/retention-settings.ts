import type { z } from 'zod';
import type { RetentionDays } from '../domain/retention';
import { integer, setting } from './setting';

const days = (fallback: number, meaning: string) =>
  setting(integer(1, 3650, fallback), { default: String(fallback), expected: 'days, 1 to 3650', meaning });

/** Settings of how long rows are kept. */
export const RETENTION_SETTINGS = {
  SIGNPOST_RETENTION_PAYLOAD_DAYS: days(
    30,
    'How long the data of events, and the headers and bodies of attempts, are kept. A product may differ (`retention.payloadDays`).',
  ),
  SIGNPOST_RETENTION_HISTORY_DAYS: days(
    90,
    'How long events, notifications and attempts are kept without their payload. Open notifications are kept until they are closed. A product may differ (`retention.historyDays`).',
  ),
  SIGNPOST_RETENTION_EVENT_ID_DAYS: days(
    30,
    'How long the ids that producers give to events are kept at least. Within this time, a repeated post is a duplicate.',
  ),
  SIGNPOST_RETENTION_AUDIT_DAYS: days(400, 'How long the audit log is kept.'),
};

type RetentionSettings = {
  [Name in keyof typeof RETENTION_SETTINGS]: z.output<(typeof RETENTION_SETTINGS)[Name]['schema']>;
};

export const retentionOf = (settings: RetentionSettings): RetentionDays => ({
  payload: settings.SIGNPOST_RETENTION_PAYLOAD_DAYS,
  history: settings.SIGNPOST_RETENTION_HISTORY_DAYS,
  eventIds: settings.SIGNPOST_RETENTION_EVENT_ID_DAYS,
  audit: settings.SIGNPOST_RETENTION_AUDIT_DAYS,
});
