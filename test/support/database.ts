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

/** Clones the template database, which takes some tens of milliseconds. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(`create database ${name} template ${TEMPLATE}`);
  const url = new URL(fromSetup('postgres'));
  url.pathname = `/${name}`;
  const db = openDatabase(url.toString(), () => undefined);
  return {
    url: url.toString(),
    db,
    async drop() {
      await db.close();
      await asAdmin(`drop database if exists ${name} with (force)`);
    },
  };
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
