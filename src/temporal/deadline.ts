import type { Client } from '@temporalio/client';

/** Time limit of a call to Temporal that states none of its own, in milliseconds. */
const RPC_TIMEOUT_MS = 10_000;

/**
 * Calls Temporal with a time limit, in milliseconds.
 *
 * @throws TemporalUnavailableError while not connected
 */
export async function callWithDeadline<T>(
  temporal: { use(): { client: Client } },
  call: (client: Client) => Promise<T>,
  timeoutMs = RPC_TIMEOUT_MS,
): Promise<T> {
  const { client } = temporal.use();
  return client.withDeadline(Date.now() + timeoutMs, () => call(client));
}
