import { LosslessJson } from '../../domain/lossless-json';
import type { Notification, NotificationStatus } from '../../domain/types';
import type { Executor } from '../../store/db/database';
import { readLastResponses, readProgress, type LastResponse } from '../../store/notifications/last-responses';
import type { Context, Reply } from '../http/route';
import type { ResponseWaiters } from './response-waiters';

interface Accepted {
  notifications: { id: string; status: NotificationStatus }[];
}

/**
 * Posts an event, waits for the responses to it, and adds them to the reply.
 *
 * @param post - posts the event and returns the reply without responses
 * @throws Problem too-many-requests, before the event is posted
 */
export async function awaitResponses(
  waiters: ResponseWaiters,
  { principal, response }: Context,
  seconds: number,
  post: () => Promise<Reply>,
): Promise<Reply> {
  const release = waiters.reserve(principal.id);
  try {
    const reply = await post();
    // The reply to a repeated Idempotency-Key was stored as a text.
    const body = (reply.body instanceof LosslessJson ? reply.body.value() : reply.body) as Accepted;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const ids = body.notifications.map(({ id }) => id);
    const { isComplete, statuses, responses } = await waiters.wait(ids, seconds * 1000, gone.signal);
    const notifications = body.notifications.map((one) => ({
      ...one,
      status: statuses.get(one.id) ?? one.status,
      lastResponse: responses.get(one.id) ?? null,
    }));
    return { status: isComplete ? 200 : 202, body: { ...body, notifications } };
  } finally {
    release();
  }
}

/** Adds the last responses to notifications. */
export async function withLastResponses(
  db: Executor,
  notifications: readonly Notification[],
): Promise<(Notification & { lastResponse: LastResponse | null })[]> {
  const ids = notifications.map(({ id }) => id);
  const responses = await readLastResponses(db, await readProgress(db, ids));
  return notifications.map((one) => ({ ...one, lastResponse: responses.get(one.id) ?? null }));
}
