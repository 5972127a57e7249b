import { readFileSync } from 'node:fs';
import path from 'node:path';
import { urlOf } from './postgres';

/** @returns the URL of the embedded Postgres, undefined if none runs in this data directory */
export function findRunningPostgres(dataDir: string): string | undefined {
  const directory = path.join(dataDir, 'postgres');
  try {
    const port = Number(readFileSync(path.join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[3]);
    return urlOf(port, readFileSync(path.join(directory, 'password'), 'utf8').trim());
  } catch {
    return undefined;
  }
}
