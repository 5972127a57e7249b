import type { Executor } from '../../src/store/db/database';

/**
 * Ends the summaries of response times, which add rows every 30 s: a test that counts the rows of a
 * subscription, or compares them, would depend on the time it takes.
 */
export async function stopSummaries(db: Executor): Promise<void> {
  await db.query({ text: 'delete from response_times_progress' });
}
