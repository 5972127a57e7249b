import { decodeId, encodeId, newUuid, uuidTime } from '../../domain/ids';
import {
  CAPTURED_REQUEST_DAYS,
  IDLE_INBOX_DAYS,
  MAX_CAPTURED_REQUESTS,
  type PlayRequest,
  type SignatureStatus,
} from '../../domain/play';
import type { Scope } from '../../domain/types';
import type { Database, Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { findInbox } from './inboxes';

interface Row {
  id: string;
  inbox_id: string;
  method: string;
  query: string;
  headers: Record<string, string>;
  body: string;
  body_bytes: number;
  body_truncated: boolean;
  response_status: number;
  signature_status: SignatureStatus;
  signature_detail: string;
  subscription_id: string | null;
  event_id: string | null;
  notification_id: string | null;
  expires_at: Date;
}

/** Without headers and body. */
const SUMMARY = `id, inbox_id, method, query, body_bytes, body_truncated, response_status, signature_status, signature_detail,
  subscription_id, event_id, notification_id, expires_at`;

export type PlayRequestSummary = Omit<PlayRequest, 'headers' | 'body'>;

function toSummary(row: Omit<Row, 'headers' | 'body'>): PlayRequestSummary {
  return {
    id: encodeId('prq', row.id),
    inboxId: encodeId('pin', row.inbox_id),
    method: row.method,
    query: row.query,
    bodyBytes: row.body_bytes,
    bodyTruncated: row.body_truncated,
    responseStatus: row.response_status,
    signature: { status: row.signature_status, detail: row.signature_detail },
    subscriptionId: row.subscription_id && encodeId('sub', row.subscription_id),
    eventId: row.event_id,
    notificationId: row.notification_id,
    at: uuidTime(row.id),
    expiresAt: row.expires_at,
  };
}

/**
 * Stores what an inbox captured, in place of the oldest if it has the most that it keeps. The inbox
 * is kept for longer, at most once a day: a write per request would make requests wait for each
 * other.
 *
 * @returns false if the inbox was deleted, or has expired; then nothing is stored
 */
export async function insertRequest(
  db: Database,
  request: Omit<PlayRequest, 'id' | 'at' | 'expiresAt'>,
): Promise<boolean> {
  const inbox = decodeId('pin', request.inboxId);
  return db.transaction(async (executor) => {
    const { rowCount } = await executor.query({
      text: `with inbox as (select id from play_inboxes where id = $2 and expires_at > now() for key share)
             insert into play_requests (id, inbox_id, method, query, headers, body, body_bytes, body_truncated, response_status,
               signature_status, signature_detail, subscription_id, event_id, notification_id, expires_at)
             select $1, inbox.id, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12, $13, $14, now() + make_interval(days => ${CAPTURED_REQUEST_DAYS}) from inbox`,
      values: [
        newUuid(),
        inbox,
        request.method,
        request.query,
        JSON.stringify(request.headers),
        request.body,
        request.bodyBytes,
        request.bodyTruncated,
        request.responseStatus,
        request.signature.status,
        request.signature.detail,
        (request.subscriptionId && decodeId('sub', request.subscriptionId)) ?? null,
        request.eventId,
        request.notificationId,
      ],
    });
    if (rowCount === 0) return false;
    await executor.query({
      text: `delete from play_requests where inbox_id = $1
               and id <= (select id from play_requests where inbox_id = $1 order by id desc offset ${MAX_CAPTURED_REQUESTS} limit 1)`,
      values: [inbox],
    });
    await executor.query({
      text: `update play_inboxes set expires_at = now() + make_interval(days => ${IDLE_INBOX_DAYS})
             where id = $1 and expires_at < now() + make_interval(days => ${IDLE_INBOX_DAYS - 1})`,
      values: [inbox],
    });
    return true;
  });
}

/** Lists what an inbox captured, newest first. */
export async function listRequests(
  db: Executor,
  inboxId: string,
  page: PageRequest,
): Promise<Page<PlayRequestSummary>> {
  const { rows } = await db.query<Row>({
    text: `select ${SUMMARY} from play_requests
           where inbox_id = $1 and expires_at > now() and ($2::uuid is null or id < $2) order by id desc limit $3`,
    values: [decodeId('pin', inboxId), page.after ?? null, page.limit + 1],
  });
  return toPage(rows, page, toSummary, (row) => row.id);
}

/** @returns undefined if there is none in scope */
export async function findRequest(
  db: Executor,
  id: string,
  scope: Scope,
): Promise<(PlayRequest & { customerId: string; productId: string | null }) | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${SUMMARY}, headers, body from play_requests where id = $1 and expires_at > now()`,
    values: [decodeId('prq', id) ?? null],
  });
  const row = rows[0];
  const inbox = row && (await findInbox(db, encodeId('pin', row.inbox_id), scope));
  if (!inbox) return undefined;
  const { customerId, productId } = inbox;
  return { ...toSummary(row), headers: row.headers, body: row.body, customerId, productId };
}
