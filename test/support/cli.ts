import { run } from '../../cli/src/program';
import { addServerCommands } from '../../src/cli/commands/index';
import { VERSION } from '../../src/process/version';
import { ADMIN_KEY } from './api';

/** The result of a command line. */
export interface Ran {
  code: number;
  out: string;
  err: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into results of any shape
  readonly json: any;
}

export interface RunOptions {
  stdin?: string;
  /** Added to the environment. `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  interrupted?: AbortSignal;
  /** Called with output as soon as it is printed. */
  onOut?: (text: string) => void;
  onErr?: (text: string) => void;
}

/** The program as the service installs it, with all commands. */
export const host = { version: VERSION, addCommands: addServerCommands };

/** Runs a command line in this process, as an admin of the service at `url`. */
export async function signpost(url: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const io = {
    out(text: string) {
      out += text;
      options.onOut?.(text);
    },
    err(text: string) {
      err += text;
      options.onErr?.(text);
    },
    stdin: async () => options.stdin ?? '',
    env: { SIGNPOST_URL: url, SIGNPOST_API_KEY: ADMIN_KEY, ...options.env },
    interrupted: () => options.interrupted ?? new AbortController().signal,
  };
  const code = await run(args, io, host);
  return {
    code,
    out,
    err,
    get json() {
      return JSON.parse(out);
    },
  };
}
