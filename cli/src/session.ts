import type { RetryOptions } from '@signpost/sdk';
import { createClient, type Client } from './client';
import { findConnection, type Connection, type ConnectionOptions } from './connection';
import type { Io } from './output';

/** Options that every command accepts. */
export interface GlobalOptions extends ConnectionOptions {
  json?: boolean;
}

/** State of one run of the command line: options, connection, and output. */
export class Session {
  private options: GlobalOptions = {};
  private connection: Connection | undefined;
  private connected: Client | undefined;

  constructor(readonly io: Io) {}

  /** Sets the options of the command that is about to run. */
  use(options: GlobalOptions): void {
    this.options = options;
  }

  get json(): boolean {
    return this.options.json ?? false;
  }

  /** The client, created on first use. @throws CliError if the URL is invalid or there is no key */
  get client(): Client {
    return (this.connected ??= this.createClient());
  }

  /** A client for a command that retries otherwise than the rest. @throws CliError as `client` */
  createClient(retry?: RetryOptions): Client {
    this.connection ??= findConnection(this.options, this.io.env, (line) => this.note(line));
    return createClient(this.connection.url, this.connection.key, retry);
  }

  /** Prints a result to standard output, as JSON with `--json`, otherwise as text. */
  print(result: unknown, text: () => string): void {
    this.io.out(`${this.json ? JSON.stringify(result, null, 2) : text()}\n`);
  }

  /** Prints progress to standard error, so that standard output contains only the result. */
  note(line: string): void {
    this.io.err(`${line}\n`);
  }
}
