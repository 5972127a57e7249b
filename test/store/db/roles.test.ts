import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { createTestDatabase } from '../../support/database';

/** The roles of docker-compose.yml, made by the file that it mounts. */
const ROOT = path.join(__dirname, '..', '..', '..');
const FILE = path.join(ROOT, 'deploy', 'postgres', 'roles.sql');
const runFile = promisify(execFile);

/** As psql reads it: without its commands, and with its variables as literals. */
function statements(password: string): string[] {
  return readFileSync(FILE, 'utf8')
    .replace(/^(--|\\).*$/gm, '')
    .replace(/:'\w+'/g, `'${password}'`)
    .split(';')
    .map((text) => text.trim())
    .filter(Boolean);
}

it('the role of the service is no superuser, owns its database, migrates it, and cannot enter another', async () => {
  const { url, drop } = await createTestDatabase();
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const suffix = `_${Date.now()}`;
  const named = (text: string) => text.replace(/\b(signpost|temporal_visibility|temporal)\b/g, `$1${suffix}`);
  const connectionOf = (role: string, database: string) => {
    const connection = new URL(url);
    connection.username = role + suffix;
    connection.password = 'secret';
    connection.pathname = `/${database}${suffix}`;
    return connection.toString();
  };
  try {
    for (const text of statements('secret')) await admin.query(named(text));
    const { rows } = await admin.query(
      'select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as strong from pg_roles where rolname like $1',
      [`%${suffix}`],
    );
    expect(rows).toEqual([{ strong: false }, { strong: false }]);
    const own = connectionOf('signpost', 'signpost');
    const script =
      "require('./dist/store/db/migrate').migrate(process.argv[1]).then((names) => console.log(names.length))";
    const { stdout } = await runFile(process.execPath, ['-e', script, own], { cwd: ROOT });
    expect(Number(stdout)).toBeGreaterThan(20);
    const foreign = new Client({ connectionString: connectionOf('signpost', 'temporal') });
    await expect(foreign.connect()).rejects.toThrow(/permission denied for database/);
  } finally {
    for (const database of ['signpost', 'temporal', 'temporal_visibility'])
      await admin.query(`drop database if exists ${database}${suffix}`);
    for (const role of ['signpost', 'temporal']) await admin.query(`drop role if exists ${role}${suffix}`);
    await admin.end();
    await drop();
  }
});
