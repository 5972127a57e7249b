import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createClient, type Client } from './client';
import { CliError, EXIT } from './exit-codes';

const DEFAULT_PORT = 8080;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export interface ConnectionOptions {
  url?: string;
  key?: string;
}

/**
 * Creates a client from the options, then the environment, then the key that an embedded service
 * generated in its data directory. That key is only used for a service on this machine, so that a
 * mistyped `--url` does not leak it.
 *
 * @param warn - called with a line for a person
 * @throws CliError with exit code `usage` for an invalid URL, `unauthorized` if there is no key
 */
export function connect(
  options: ConnectionOptions,
  env: Record<string, string | undefined>,
  warn: (line: string) => void,
): Client {
  const url = options.url ?? (env.SIGNPOST_URL || `http://127.0.0.1:${env.SIGNPOST_PORT || DEFAULT_PORT}`);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError(EXIT.usage, `${url} is not an http or https URL. Correct --url or SIGNPOST_URL.`);
  const local = LOOPBACK.has(new URL(url).hostname);
  const key =
    options.key ??
    (env.SIGNPOST_API_KEY || (local ? env.SIGNPOST_ADMIN_KEY || generatedKey(env.SIGNPOST_DATA_DIR) : undefined));
  if (!key)
    throw new CliError(
      EXIT.unauthorized,
      'No API key found. Set --key-file or SIGNPOST_API_KEY' +
        (local ? ', or run this command in the directory that contains .signpost/, or set SIGNPOST_DATA_DIR.' : '.'),
    );
  const { protocol, host } = new URL(url);
  if (protocol === 'http:' && !local) warn(`warning: the API key is sent to ${host} unencrypted; use an https URL`);
  return createClient(url, key);
}

function generatedKey(dataDir = '.signpost'): string | undefined {
  try {
    return readFileSync(path.resolve(dataDir, 'admin-key'), 'utf8').trim();
  } catch {
    return undefined;
  }
}
