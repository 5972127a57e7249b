import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { openDatabase, type Database } from '../../src/store/db/database';
import { fromSetup, TEMPLATE } from './environment';

/** A migrated database for one test file. */
export interface TestDatabase {
  url: string;
  db: Database;
  drop(): Promise<void>;
}

/**
 * Clones the template database, which takes some tens of milliseconds.
 *
 * @param template - another one, of {@link ensureTemplate}
 */
export async function createTestDatabase(template?: string): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Copying files is cheaper for many relations, and the log cheaper for few.
  await asAdmin(
    template
      ? `create database ${name} template ${template} strategy file_copy`
      : `create database ${name} template ${TEMPLATE}`,
  );
  const url = urlOf(name);
  const db = openDatabase(url, () => undefined);
  return {
    url,
    db,
    async drop() {
      await db.close();
      await asAdmin(`drop database if exists ${name} with (force)`);
    },
  };
}

/**
 * Makes a template for the files that need the same large database, once for all of them: the first
 * one makes it while the others wait.
 */
export async function ensureTemplate(name: string, fill: (db: Database) => Promise<unknown>): Promise<void> {
  const client = new Client(fromSetup('postgres'));
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount) return;
    // It gets its name at the end, so that no file clones one that is half filled.
    const draft = `${name}_draft`;
    await asAdmin(`drop database if exists ${draft} with (force)`);
    await asAdmin(`create database ${draft} template ${TEMPLATE}`);
    const db = openDatabase(urlOf(draft), () => undefined);
    try {
      await fill(db);
    } finally {
      await db.close();
    }
    await asAdmin(`alter database ${draft} rename to ${name}`);
  } finally {
    await client.end();
  }
}

function urlOf(name: string): string {
  const url = new URL(fromSetup('postgres'));
  url.pathname = `/${name}`;
  return url.toString();
}

async function asAdmin(statement: string): Promise<void> {
  const client = new Client(fromSetup('postgres'));
  await client.connect();
  try {
    for (let tries = 1; ; tries++) {
      try {
        await client.query(statement);
        return;
      } catch (error) {
        // 55006: another test file is cloning the template.
        if ((error as { code?: string }).code !== '55006' || tries >= 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  } finally {
    await client.end();
  }
}
