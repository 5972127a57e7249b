import { Context } from '@temporalio/activity';

const HEARTBEAT_INTERVAL_MS = 10_000;

/** Runs work that may take longer than the heartbeat timeout of its activity. */
export async function withHeartbeats<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const heartbeat = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
  }
}
