/** gRPC status of a start that Temporal refuses. */
const INVALID_ARGUMENT = 3;

/** Whether an error, or one of its causes, is that Temporal refuses the arguments of a call. */
export function isInvalidArgument(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === INVALID_ARGUMENT || (cause !== undefined && isInvalidArgument(cause));
}
