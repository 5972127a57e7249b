import type { Client } from './client';
import { connect, type ConnectionOptions } from './connection';
import type { Io } from './output';

/** Options that every command takes. */
export interface GlobalOptions extends ConnectionOptions {
  json?: boolean;
}

/** What the commands of one run share. */
export class Session {
  private options: GlobalOptions = {};
  private connected: Client | undefined;

  constructor(readonly io: Io) {}

  /** Takes the options of the command that is about to run. */
  use(options: GlobalOptions): void {
    this.options = options;
  }

  get json(): boolean {
    return this.options.json ?? false;
  }

  /** The service. @throws CliError where it is not said where it is, or there is no credential */
  get client(): Client {
    return (this.connected ??= connect(this.options, this.io.env));
  }

  /** Prints a result: as JSON with `--json`, else as text for a person. */
  print(result: unknown, human: () => string): void {
    this.io.out(`${this.json ? JSON.stringify(result, null, 2) : human()}\n`);
  }

  /** Tells how things go: on standard error, so that the result can be piped. */
  note(line: string): void {
    this.io.err(`${line}\n`);
  }
}
