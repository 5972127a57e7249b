import { isUuid } from './ids';
import type { NotificationStatus } from './types';

/** What the activity stream tells of. `delivering` is not told: the end of the attempt is. */
export const ACTIVITY_KINDS = [
  'event.accepted',
  'attempt.finished',
  'notification.held',
  'notification.released',
  'notification.cancelled',
  'notification.reopened',
] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

/** One thing that happened. It holds names and ids, never a payload or a secret. */
export interface Activity {
  kind: ActivityKind;
  at: Date;
  /** The event type. */
  type: string;
  eventId: string;
  productId: string;
  /** `null` for an event to all customers of its product. */
  customerId: string | null;
  /** `null` for `event.accepted`; so are those below. */
  subscriptionId: string | null;
  notificationId: string | null;
  /** What the notification became. */
  status: NotificationStatus | null;
  /** Set for `attempt.finished`. */
  attempt: { id: string; number: number; responseStatus: number | null; errorClass: string | null } | null;
}

/** What Postgres had committed at a moment: a snapshot in its own text form, `xmin:xmax:xip,…`, and the time by its clock. */
export interface Moment {
  snapshot: string;
  timeMs: number;
}

/**
 * How far a reader of the stream has come. Ids are made before the commit, so rows do not become visible in the order of their ids; a snapshot says
 * exactly which were. Seen is all that `seen` shows; and, while `reading` is set, of what `until` shows beyond that, the rows up to that id.
 */
export interface Position {
  seen: Moment;
  reading?: { until: Moment; upTo: string };
}

/** A position as the id of a server-sent event; opaque to those who keep it. */
export function encodePosition({ seen, reading }: Position): string {
  const parts = [momentText(seen), ...(reading ? [momentText(reading.until), reading.upTo] : [])];
  return Buffer.from(parts.join('~')).toString('base64url');
}

/** @returns `undefined` where the text is none that `encodePosition` made */
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

/** Whether Postgres would take it: 0 < xmin <= xmax, and the ids between them ascending. */
function isSnapshot(text: string): boolean {
  const [xmin, xmax, between] = text.split(':') as [string, string, string];
  const ids = between === '' ? [] : between.split(',').map(BigInt);
  const [low, high] = [BigInt(xmin), BigInt(xmax)];
  if (low <= 0n || low > high || high > MAX_XID) return false;
  return ids.every((id, index) => id >= (ids[index - 1] ?? low) && id < high);
}

const MAX_XID = 2n ** 63n - 1n;
