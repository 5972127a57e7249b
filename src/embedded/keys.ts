import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config';
import { MASTER_KEY_BYTES } from '../domain/master-key';

export interface Keys {
  adminKey: string;
  masterKey: Buffer;
}

/**
 * Returns the admin key and the master key: configured, or generated once in the data directory,
 * readable by its owner only.
 */
export function ensureKeys(config: Pick<Config, 'adminKey' | 'masterKey' | 'dataDir'>): Keys {
  return {
    adminKey:
      config.adminKey ?? ensureFile(config.dataDir, 'admin-key', () => `spk_${randomBytes(24).toString('base64url')}`),
    masterKey:
      config.masterKey ??
      Buffer.from(
        ensureFile(config.dataDir, 'master-key', () => randomBytes(MASTER_KEY_BYTES).toString('base64')),
        'base64',
      ),
  };
}

/**
 * Creates the file atomically unless it exists, so that processes that start concurrently read the
 * same content.
 */
function ensureFile(directory: string, name: string, generate: () => string): string {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, name);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${generate()}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}
