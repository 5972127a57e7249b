import type { Client } from '@temporalio/client';

/** Default timeout of a call to Temporal, in milliseconds. */
const RPC_TIMEOUT_MS = 10_000;

/**
 * Calls Temporal with a timeout.
 *
 * @param timeoutMs - in milliseconds
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
