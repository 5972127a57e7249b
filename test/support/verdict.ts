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
    /** Events without a notification, and notifications that were never sent. */
    lost: number;
    requests: number;
    recorded: number;
    recordsWithoutRequest: number;
    /** Requests beyond one for each attempt. */
    duplicated: number;
  };
  /** Duplicates that no crash explains. */
  unexplained: string[];
}

/** A process that dies between the response and the record makes the attempt again. */
const EXPLAINS = /killed/;
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
  const { rows: attempts } = await database.query<{ id: string; number: number }>(
    'select notification_id as id, number from attempts',
  );
  const { rows: events } = await database.query<{ lost: number }>(
    'select count(*)::int as lost from events e where not exists (select from notifications n where n.event_id = e.id)',
  );
  const keys = attempts.map(({ id, number }) => `${encodeId('ntf', id)} ${number}`);
  const withStatus = (status: string) => notifications.filter((one) => one.status === status).length;
  const unsent = notifications.filter(
    ({ id, status }) => status !== 'cancelled' && !byAttempt.has(`${encodeId('ntf', id)} 1`),
  ).length;
  const duplicates = [...byAttempt].filter(([, times]) => times.length > 1);
  return {
    counts: {
      faults: faults.length,
      accepted: notifications.length,
      delivered: withStatus('delivered'),
      failed: withStatus('failed'),
      cancelled: withStatus('cancelled'),
      lost: events[0]!.lost + unsent,
      requests: requests.length,
      recorded: attempts.length,
      recordsWithoutRequest: keys.filter((key) => !byAttempt.has(key)).length,
      duplicated: duplicates.reduce((sum, [, times]) => sum + times.length - 1, 0),
    },
    unexplained: duplicates.flatMap(([key, times]) => {
      const [first, last] = [Math.min(...times), Math.max(...times)];
      const explained = faults.some(
        ({ name, begin }) => EXPLAINS.test(name) && begin >= first - BEFORE_MS && begin <= last,
      );
      return explained ? [] : [`${key}: ${new Date(first).toISOString()} and ${new Date(last).toISOString()}`];
    }),
  };
}
