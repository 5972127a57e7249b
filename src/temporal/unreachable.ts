import { TemporalUnavailableError } from './connection';

/** gRPC status of a call that did not reach the server. */
const UNAVAILABLE = 14;

/** Whether an error means that Temporal could not be reached, whatever the call was. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof TemporalUnavailableError) return true;
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === UNAVAILABLE || (cause !== undefined && isConnectionLost(cause));
}
