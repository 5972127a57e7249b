import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config';
import { MASTER_KEY_BYTES } from '../domain/master-key';
import { makePrivateAbovePostgres } from './private-directory';

export interface Keys {
  adminKey: string;
  /** Where the admin key was generated, by this start or by an earlier one. Absent: configured. */
  adminKeyFile?: { path: string; isNew: boolean };
  masterKey: Buffer;
  /** Set during a rotation of the master key. */
  previousMasterKey?: Buffer;
}

/**
 * Returns the admin key and the master key: configured, or generated once in the data directory,
 * readable by its owner only.
 */
export function ensureKeys(config: Pick<Config, 'adminKey' | 'masterKey' | 'previousMasterKey' | 'dataDir'>): Keys {
  const { previousMasterKey } = config;
  const masterKey =
    config.masterKey ??
    Buffer.from(
      ensureFile(config.dataDir, 'master-key', () => randomBytes(MASTER_KEY_BYTES).toString('base64')).content,
      'base64',
    );
  if (config.adminKey !== undefined) return { adminKey: config.adminKey, masterKey, previousMasterKey };
  const { content, ...adminKeyFile } = ensureFile(
    config.dataDir,
    'admin-key',
    () => `spk_${randomBytes(24).toString('base64url')}`,
  );
  return { adminKey: content, adminKeyFile, masterKey, previousMasterKey };
}

/**
 * Creates the file atomically unless it exists, so that processes that start concurrently read the
 * same content.
 */
function ensureFile(
  directory: string,
  name: string,
  generate: () => string,
): { path: string; content: string; isNew: boolean } {
  makePrivateAbovePostgres(directory);
  const file = path.join(directory, name);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${generate()}\n`, { mode: 0o600 });
  let isNew = true;
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    isNew = false;
  } finally {
    rmSync(draft, { force: true });
  }
  return { path: file, content: readFileSync(file, 'utf8').trim(), isNew };
}
