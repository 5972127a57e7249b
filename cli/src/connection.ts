import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readSecret } from '../../src/config/secret-files';
import { parseUrl } from '../../src/domain/parse-url';
import { CliError, EXIT } from './exit-codes';

const DEFAULT_PORT = 8080;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export interface ConnectionOptions {
  url?: string;
  key?: string;
}

/** Where the service is, and the credential for it. */
export interface Connection {
  /** Without a slash at the end. */
  url: string;
  key: string;
}

/**
 * Finds the service and a credential in the options, then in the environment, then the key that an
 * embedded service generated in its data directory. That key is only used for a service on this
 * machine, so that a mistyped `--url` does not leak it.
 *
 * @param warn - called with a line for a person
 * @throws CliError with exit code `usage` for an invalid URL, `unauthorized` if there is no key
 */
export function findConnection(
  options: ConnectionOptions,
  env: Record<string, string | undefined>,
  warn: (line: string) => void,
): Connection {
  const url = options.url ?? (env.SIGNPOST_URL || `http://127.0.0.1:${env.SIGNPOST_PORT || DEFAULT_PORT}`);
  const parsed = parseUrl(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new CliError(EXIT.usage, `${url} is not an http or https URL. Correct --url or SIGNPOST_URL.`);
  const local = LOOPBACK.has(parsed.hostname);
  const key =
    options.key ??
    (secretOf(env, 'SIGNPOST_API_KEY') ||
      (local ? secretOf(env, 'SIGNPOST_ADMIN_KEY') || generatedKey(env.SIGNPOST_DATA_DIR) : undefined));
  if (!key)
    throw new CliError(
      EXIT.unauthorized,
      'No API key found. Set --key-file or SIGNPOST_API_KEY' +
        (local ? ', or run this command in the directory that contains .signpost/, or set SIGNPOST_DATA_DIR.' : '.'),
    );
  const { protocol, host } = parsed;
  if (protocol === 'http:' && !local) warn(`warning: the API key is sent to ${host} unencrypted; use an https URL`);
  return { url: url.replace(/\/+$/, ''), key };
}

/**
 * Reads a secret as the service does.
 *
 * @throws CliError if its file cannot be read
 */
export function secretOf(env: Record<string, string | undefined>, name: string): string | undefined {
  const { value, fault } = readSecret(env, name);
  if (fault !== undefined) throw new CliError(EXIT.usage, fault);
  return value || undefined;
}

function generatedKey(dataDir = '.signpost'): string | undefined {
  try {
    return readFileSync(path.resolve(dataDir, 'admin-key'), 'utf8').trim();
  } catch {
    return undefined;
  }
}
