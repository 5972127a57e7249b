import { useSyncExternalStore } from 'react';

/** Failures in a row, without a response in between, that mean that the connection is lost. */
const FAILURES_UNTIL_LOST = 2;
/** Statuses of a proxy whose service is gone, and of a service that is stopping. */
const GONE = [0, 502, 503, 504];

/** Whether calls reach the service. */
export interface Connection {
  /** When the connection was lost, in milliseconds; null while it works. */
  lostAt: number | null;
  /** The last response of the service. */
  answeredAt: number;
}

let connection: Connection = { lostAt: null, answeredAt: Date.now() };
let failures = 0;
let failingSince = 0;
const listeners = new Set<() => void>();

/** Notes the result of a call. @param status - the HTTP status; 0 if there was no response */
export function noteResult(status: number): void {
  if (!GONE.includes(status)) {
    failures = 0;
    update({ lostAt: null, answeredAt: Date.now() });
    return;
  }
  if (failures === 0) failingSince = Date.now();
  failures += 1;
  if (failures >= FAILURES_UNTIL_LOST && connection.lostAt === null) update({ ...connection, lostAt: failingSince });
}

function update(next: Connection): void {
  const changed = next.lostAt !== connection.lostAt;
  connection = next;
  if (changed) for (const notify of listeners) notify();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** When the connection was lost, in milliseconds; null while it works. */
export const useLostAt = (): number | null => useSyncExternalStore(subscribe, () => connection.lostAt);

/** When the service last responded, in milliseconds. */
export const answeredAt = (): number => connection.answeredAt;
