import { encodeId, uuidOf } from '../../domain/ids';
import { isClosed, type AttemptError, type AttemptErrorClass, type NotificationStatus } from '../../domain/types';
import type { Executor } from '../db/database';
import { byWindow } from '../db/windows';

/** Attempts whose responses one statement reads: each may have 16 KiB. */
const PAGE = 50;
/** Characters of bodies beyond which the bodies of further responses are left out. */
const MAX_BODY_CHARACTERS = 2 * 1024 * 1024;

/** The result of the last attempt of a notification. */
export interface LastResponse {
  attemptId: string;
  at: Date;
  /** Null if there was no response. */
  status: number | null;
  /** Null if there was no response, if it has expired, or if it was left out. */
  body: string | null;
  /** Whether the body was cut or left out. */
  truncated: boolean;
  error: AttemptError | null;
}

/** How far a notification is. */
export interface Progress {
  status: NotificationStatus;
  /** Whether nothing has to be waited for: it was attempted or is closed. */
  isAttempted: boolean;
  /** The UUID of its last attempt. */
  lastAttemptId: string | null;
}

/** @returns the progress by id; a notification that does not exist is missing */
export async function readProgress(db: Executor, ids: readonly string[]): Promise<Map<string, Progress>> {
  const found = new Map<string, Progress>();
  for (const [window, uuids] of byWindow(ids.map(uuidOf), (uuid) => uuid)) {
    const { rows } = await db.query<{
      id: string;
      status: NotificationStatus;
      attempt_count: number;
      last_attempt_id: string | null;
    }>({
      name: `read-progress-${window.name}`,
      text: `select id, status, attempt_count, last_attempt_id from notifications where id = any($1) and ${window.has('id')}`,
      values: [uuids],
    });
    for (const row of rows)
      found.set(encodeId('ntf', row.id), {
        status: row.status,
        isAttempted: row.attempt_count > 0 || isClosed(row.status),
        lastAttemptId: row.last_attempt_id,
      });
  }
  return found;
}

interface AttemptRow {
  id: string;
  notification_id: string;
  finished_at: Date;
  response_status: number | null;
  response_body: string | null;
  response_truncated: boolean | null;
  error_class: AttemptErrorClass | null;
  error_message: string | null;
}

/**
 * Reads the last responses of notifications. The bodies of all of them have at most 2 Mi
 * characters; those of the rest are left out.
 *
 * @returns the responses by id of the notification; one without an attempt is missing
 */
export async function readLastResponses(
  db: Executor,
  progress: ReadonlyMap<string, Progress>,
): Promise<Map<string, LastResponse>> {
  const found = new Map<string, LastResponse>();
  const attempts = [...progress.values()].flatMap(({ lastAttemptId }) => lastAttemptId ?? []);
  let characters = 0;
  for (const [window, uuids] of byWindow(attempts, (uuid) => uuid))
    for (let first = 0; first < uuids.length; first += PAGE) {
      const { rows } = await db.query<AttemptRow>({
        name: `read-last-responses-${window.name}`,
        text: `select id, notification_id, finished_at, response_status, case when $2 then response_body end as response_body, response_truncated, error_class, error_message
               from attempts where id = any($1) and ${window.has('id')} order by id`,
        values: [uuids.slice(first, first + PAGE), characters < MAX_BODY_CHARACTERS],
      });
      for (const row of rows) {
        const isShown = characters + (row.response_body?.length ?? 0) <= MAX_BODY_CHARACTERS;
        found.set(encodeId('ntf', row.notification_id), toLastResponse(row, isShown));
        if (isShown) characters += row.response_body?.length ?? 0;
        else characters = MAX_BODY_CHARACTERS;
      }
    }
  return found;
}

function toLastResponse(row: AttemptRow, isShown: boolean): LastResponse {
  const isLeftOut = row.response_status !== null && !isShown;
  return {
    attemptId: encodeId('att', row.id),
    at: row.finished_at,
    status: row.response_status,
    body: isShown ? row.response_body : null,
    truncated: (row.response_truncated ?? false) || isLeftOut,
    error: row.error_class && { class: row.error_class, message: row.error_message ?? '' },
  };
}
