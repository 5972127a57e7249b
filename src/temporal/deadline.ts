import { isGrpcDeadlineError, type Client } from '@temporalio/client';

/** Default timeout of a call to Temporal, in milliseconds. */
const RPC_TIMEOUT_MS = 10_000;

const CANCELLED = 1;

/**
 * Whether a call did not return within its timeout. The deadline of the server is one gRPC status,
 * that of the client's transport another one, with the message of a timeout.
 */
export function isDeadlineError(error: unknown): boolean {
  if (isGrpcDeadlineError(error)) return true;
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
  const isTimeout = code === CANCELLED && typeof message === 'string' && /timeout expired/i.test(message);
  return isTimeout || isDeadlineError(cause);
}

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
