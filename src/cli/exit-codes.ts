/** What the command line ends with (docs/operators/cli.md). Scripts branch on it, so a code never changes its meaning. */
export const EXIT = {
  ok: 0,
  /** The service refused the call, or what was asked for did not succeed. */
  failed: 1,
  /** The arguments or a given file cannot be used; nothing was sent that changes anything. */
  usage: 2,
  /** Nothing answers at the URL, or it does not answer like Signpost. */
  unreachable: 3,
  /** There is no credential, or it is refused. */
  unauthorized: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a message and an exit code; no stack is shown. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
  }
}
