import { isUuid } from './ids';
import type { JsonText } from './lossless-json';
import type { NotificationStatus } from './types';

/**
 * Kinds of entries in the activity stream. An attempt is reported when it ends, not when it begins.
 */
export const ACTIVITY_KINDS = [
  'event.accepted',
  'attempt.finished',
  'notification.held',
  'notification.released',
  'notification.cancelled',
  'notification.reopened',
] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

/** The data of an event, for those who ask the stream for payloads. */
export interface ActivityPayload {
  /** Null if it is left out. */
  data: JsonText | null;
  /** Its size as JSON text; null if it is not known to the reader. */
  bytes: number | null;
  /** Why it is left out. */
  omitted: 'too-large' | 'expired' | 'withheld' | null;
}

/** One entry of the activity stream. It contains names and ids, never a payload or a secret. */
export interface Activity {
  kind: ActivityKind;
  at: Date;
  /** The event type. */
  type: string;
  eventId: string;
  productId: string;
  /** `null` for an event that addresses all customers of its product. */
  customerId: string | null;
  /** `null` for `event.accepted`, like all fields below. */
  subscriptionId: string | null;
  notificationId: string | null;
  /** The new status of the notification. */
  status: NotificationStatus | null;
  /** Set for `attempt.finished`. */
  attempt: { id: string; number: number; responseStatus: number | null; errorClass: string | null } | null;
}

/**
 * What Postgres had committed at a point in time: a snapshot in its text form, `xmin:xmax:xip,…`,
 * and the time by the clock of Postgres.
 */
export interface Moment {
  snapshot: string;
  timeMs: number;
}

/**
 * A reader's position in the stream. Ids are created before the commit, so rows do not become
 * visible in the order of their ids. A snapshot states exactly which rows were visible. The reader
 * has seen all rows visible in `seen`. While `reading` is set, it has also seen the rows up to
 * `upTo` that are visible in `until`.
 */
export interface Position {
  seen: Moment;
  reading?: { until: Moment; upTo: string };
}

/** Encodes a position as the id of a server-sent event, which is opaque to clients. */
export function encodePosition({ seen, reading }: Position): string {
  const parts = [momentText(seen), ...(reading ? [momentText(reading.until), reading.upTo] : [])];
  return Buffer.from(parts.join('~')).toString('base64url');
}

/** @returns `undefined` if `encodePosition` did not produce the text */
export function decodePosition(text: string): Position | undefined {
  const decoded = Buffer.from(text, 'base64url').toString('latin1');
  const [seenText, untilText, upTo, ...rest] = decoded.split('~');
  const seen = momentOf(seenText);
  if (!seen || rest.length > 0) return undefined;
  if (untilText === undefined) return { seen };
  const until = momentOf(untilText);
  if (!until || upTo === undefined || !isUuid(upTo)) return undefined;
  return { seen, reading: { until, upTo } };
}

const MAX_TIME_MS = 8.64e15;

function momentText({ snapshot, timeMs }: Moment): string {
  return `${timeMs}/${snapshot}`;
}

function momentOf(text: string | undefined): Moment | undefined {
  const [, time, snapshot] = /^(\d{1,16})\/(\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19})*)?)$/.exec(text ?? '') ?? [];
  if (time === undefined || snapshot === undefined || !isSnapshot(snapshot)) return undefined;
  const timeMs = Number(time);
  return timeMs <= MAX_TIME_MS ? { snapshot, timeMs } : undefined;
}

/** Whether Postgres accepts the snapshot: 0 < xmin <= xmax, with ascending ids between them. */
function isSnapshot(text: string): boolean {
  const [xmin, xmax, between] = text.split(':') as [string, string, string];
  const ids = between === '' ? [] : between.split(',').map(BigInt);
  const [low, high] = [BigInt(xmin), BigInt(xmax)];
  if (low <= 0n || low > high || high > MAX_XID) return false;
  return ids.every((id, index) => id >= (ids[index - 1] ?? low) && id < high);
}

const MAX_XID = 2n ** 63n - 1n;
