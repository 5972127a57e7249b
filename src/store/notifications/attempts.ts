import { decodeId, encodeId, uuidsSharingTime, uuidTimeMs } from '../../domain/ids';
import { standardBody } from '../../domain/formats';
import { storedText } from '../../domain/timestamp';
import type { Attempt, AttemptDetail, AttemptErrorClass, AttemptTrigger, HttpMethod, Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { newestFirst } from '../db/spans';
import { inWindow } from '../db/windows';

interface Row {
  id: string;
  notification_id: string;
  number: number;
  trigger: AttemptTrigger;
  started_at: Date;
  finished_at: Date;
  duration_ms: number;
  response_status: number | null;
  error_class: AttemptErrorClass | null;
  error_message: string | null;
  workflow_id: string;
}

const COLUMNS = `a.id, a.notification_id, a.number, a.trigger, a.started_at, a.finished_at, a.duration_ms, a.response_status, a.error_class,
  a.error_message, a.workflow_id`;

function toAttempt(row: Row): Attempt {
  return {
    id: encodeId('att', row.id),
    notificationId: encodeId('ntf', row.notification_id),
    number: row.number,
    trigger: row.trigger,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    durationMs: row.duration_ms,
    status: row.response_status,
    error: row.error_class && { class: row.error_class, message: row.error_message ?? '' },
    workflowId: row.workflow_id,
  };
}

/** @returns what the last recorded attempt of a notification was made for */
export async function lastTrigger(db: Executor, notificationId: string): Promise<AttemptTrigger | undefined> {
  const id = await lastAttemptId(db, decodeId('ntf', notificationId)!);
  if (id === undefined) return undefined;
  const { rows } = await db.query<{ trigger: AttemptTrigger }>({
    ...inWindow('attempt-trigger', id, (has) => `select trigger from attempts where id = $1 and ${has('id')}`),
    values: [id],
  });
  return rows[0]?.trigger;
}

async function lastAttemptId(db: Executor, notificationUuid: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string | null }>({
    ...inWindow(
      'last-attempt-id',
      notificationUuid,
      (has) => `select last_attempt_id as id from notifications where id = $1 and ${has('id')}`,
    ),
    values: [notificationUuid],
  });
  return rows[0]?.id ?? undefined;
}

const MAX_ATTEMPTS = 1000;
/** The ids of attempts and notifications may be made on different machines. */
const CLOCK_SKEW_MS = 3_600_000;

/** Lists the attempts of a notification, oldest first: the last 1,000. */
export async function attemptsOf(db: Executor, notificationId: string): Promise<Attempt[]> {
  const uuid = decodeId('ntf', notificationId)!;
  const last = await lastAttemptId(db, uuid);
  if (last === undefined) return [];
  // Its attempts were made between its acceptance and the last of them.
  const since = new Date(uuidTimeMs(uuid) - CLOCK_SKEW_MS);
  const until = new Date(uuidTimeMs(last) + CLOCK_SKEW_MS);
  const rows = await newestFirst(db, 'attempts', { since, until }, MAX_ATTEMPTS, async (span, left) => {
    const { rows: found } = await db.query<Row>({
      text: `select ${COLUMNS} from attempts a where a.notification_id = $1 and a.id >= $2 and a.id < $3 order by a.number desc limit $4`,
      values: [uuid, ...span, left],
    });
    return found;
  });
  return rows.map(toAttempt).sort((a, b) => a.number - b.number);
}

interface DetailRow extends Row {
  request_method: HttpMethod;
  request_url: string;
  /** Null if headers and bodies have expired. */
  request_headers: Record<string, string> | null;
  request_body: string | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
  response_truncated: boolean;
  event_id: string;
  given_id: string | null;
  event_type: string;
  occurred_at: Date;
  occurred_text: string | null;
  data: string | null;
  user_context: string | null;
  channels: string[];
}

/** Finds an attempt with its request and response. @returns undefined if there is none in scope */
export async function findAttempt(db: Executor, id: string, scope: Scope): Promise<AttemptDetail | undefined> {
  const uuid = decodeId('att', id);
  if (uuid === undefined) return undefined;
  const { rows: of } = await db.query<{ notification_id: string }>({
    text: 'select notification_id from attempts where id = $1',
    values: [uuid],
  });
  if (!of[0]) return undefined;
  const notificationId = of[0].notification_id;
  const { rows } = await db.query<DetailRow>({
    text: `select ${COLUMNS}, a.request_method, a.request_url, a.request_headers, a.request_body, a.response_headers, a.response_body, a.response_truncated,
             e.id as event_id, e.given_id, e.type as event_type, e.occurred_at, e.occurred_text, e.data::text as data, e.user_context::text as user_context, e.channels
           from attempts a join notifications n on n.id = $4 join events e on e.id = n.event_id and e.id between $5 and $6
           where a.id = $1 and ($2::text[] is null or n.product_id = any ($2)) and ($3::text is null or n.customer_id = $3)`,
    values: [
      uuid,
      scope.productIds ?? null,
      scope.customerId ?? null,
      notificationId,
      ...uuidsSharingTime(notificationId),
    ],
  });
  const row = rows[0];
  return (
    row && {
      ...toAttempt(row),
      payloadExpired: row.request_headers === null || (isStandard(row) && row.data === null),
      request: {
        method: row.request_method,
        url: row.request_url,
        headers: row.request_headers ?? {},
        body: bodyAsSent(row),
      },
      response:
        row.response_status === null
          ? null
          : {
              status: row.response_status,
              headers: row.response_headers ?? {},
              body: row.response_body ?? '',
              truncated: row.response_truncated,
            },
    }
  );
}

/** Whether a body was sent that follows from the event. */
function isStandard({ request_body, request_method, request_headers }: DetailRow): boolean {
  // An attempt that failed in preparation has no headers. Its request was not sent.
  const wasSent = Object.keys(request_headers ?? {}).length > 0;
  return request_body === null && request_method !== 'GET' && wasSent;
}

function bodyAsSent(row: DetailRow): string | null {
  if (!isStandard(row) || row.data === null) return row.request_body;
  return standardBody({
    id: row.given_id ?? encodeId('evt', row.event_id),
    type: row.event_type,
    timestamp: storedText(row),
    data: row.data,
    user: row.user_context,
    channels: row.channels,
  });
}
