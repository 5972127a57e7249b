import type { Client } from 'pg';
import { encodeId } from '../../src/domain/ids';
import type { ReceivedRequest } from './receiver';

/** A fault, in milliseconds since the epoch. */
export interface Fault {
  name: string;
  begin: number;
  end: number;
}

export interface Verdict {
  counts: {
    faults: number;
    accepted: number;
    delivered: number;
    failed: number;
    cancelled: number;
    /** Events without a notification, and notifications that never reached the receiver. */
    lost: number;
    requests: number;
    recorded: number;
    recordsWithoutRequest: number;
    /** Records of attempts that never reached the receiver. */
    unsent: number;
    /** Requests beyond one for each attempt. */
    duplicated: number;
  };
  /** Duplicates that no crash explains. */
  unexplained: string[];
  /** What the records without a request say. */
  withoutRequest: string[];
}

interface AttemptRow {
  id: string;
  number: number;
  error: string | null;
  text: string;
}

/** A process that dies between the response and the record makes the attempt again. */
const EXPLAINS = /killed/;
/** Errors of attempts that may not have reached the receiver. */
const UNSENT = ['connect', 'timeout', 'dns'];
/** A request may begin this long before the crash that explains its repetition. */
const BEFORE_MS = 20_000;

/** Compares what the database says with what the receiver got. */
export async function verdictOf(
  database: Client,
  requests: readonly ReceivedRequest[],
  faults: readonly Fault[],
): Promise<Verdict> {
  const byAttempt = new Map<string, number[]>();
  for (const { headers, at } of requests) {
    const key = `${String(headers['signpost-notification'])} ${String(headers['signpost-attempt'])}`;
    byAttempt.set(key, [...(byAttempt.get(key) ?? []), at.getTime()]);
  }
  const { rows: notifications } = await database.query<{ id: string; status: string }>(
    'select id, status from notifications',
  );
  const { rows: attempts } = await database.query<AttemptRow>(
    `select notification_id as id, number, error_class as error, concat_ws(' ', started_at, workflow_id, response_status, error_class, error_message) as text
     from attempts`,
  );
  const { rows: events } = await database.query<{ lost: number }>(
    'select count(*)::int as lost from events e where not exists (select from notifications n where n.event_id = e.id)',
  );
  const unreceived = attempts.filter(({ id, number }) => !byAttempt.has(`${encodeId('ntf', id)} ${number}`));
  const perNotification = (ids: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  };
  const sent = perNotification(requests.map(({ headers }) => String(headers['signpost-notification'])));
  const recorded = perNotification(attempts.map(({ id }) => encodeId('ntf', id)));
  // An attempt that got no connection in time has a record all the same. And a process that is
  // killed while its record is under way may have its attempt made again under the same number: two
  // requests, two records.
  const withoutRequest = unreceived.filter(
    ({ id, error }) =>
      !UNSENT.includes(error ?? '') && recorded.get(encodeId('ntf', id))! > (sent.get(encodeId('ntf', id)) ?? 0),
  );
  const withStatus = (status: string) => notifications.filter((one) => one.status === status).length;
  const received = new Set(requests.map(({ headers }) => String(headers['signpost-notification'])));
  const neverReceived = notifications.filter(
    ({ id, status }) => status === 'delivered' && !received.has(encodeId('ntf', id)),
  ).length;
  const duplicates = [...byAttempt].filter(([, times]) => times.length > 1);
  return {
    counts: {
      faults: faults.length,
      accepted: notifications.length,
      delivered: withStatus('delivered'),
      failed: withStatus('failed'),
      cancelled: withStatus('cancelled'),
      lost: events[0]!.lost + neverReceived,
      requests: requests.length,
      recorded: attempts.length,
      recordsWithoutRequest: withoutRequest.length,
      unsent: unreceived.length,
      duplicated: duplicates.reduce((sum, [, times]) => sum + times.length - 1, 0),
    },
    unexplained: duplicates.flatMap(([key, times]) => {
      const [first, last] = [Math.min(...times), Math.max(...times)];
      const explained = faults.some(
        ({ name, begin }) => EXPLAINS.test(name) && begin >= first - BEFORE_MS && begin <= last,
      );
      return explained ? [] : [`${key}: ${new Date(first).toISOString()} and ${new Date(last).toISOString()}`];
    }),
    withoutRequest: withoutRequest.map(({ id, number, text }) => `${encodeId('ntf', id)} ${number}: ${text}`),
  };
}
