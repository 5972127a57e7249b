/**
 * Exit codes (docs/operators/cli.md). Scripts branch on them, so a code never changes its meaning.
 */
export const EXIT = {
  ok: 0,
  /** The service refused the command, or its result is a failure, such as a failed challenge. */
  failed: 1,
  /** An argument or a file is invalid. Nothing was changed. */
  usage: 2,
  /** The service is unreachable, or the URL is not a Signpost service. */
  unreachable: 3,
  /** The credential is missing, was rejected, or lacks the permission for the command. */
  unauthorized: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a message and an exit code, without a stack trace. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** Each error of a file, with its place. */
    readonly errors: readonly object[] = [],
  ) {
    super(message);
  }
}
