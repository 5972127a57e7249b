import { loadConfig } from '../../src/config';
import { printSummary } from '../../src/service/start-summary';

/** What an operator reads after a start, and what therefore ends up in log files. */
const KEY = 'spk_generated';
const FILE = '/data/admin-key';

function print(env: Record<string, string>, adminKeyFile?: { path: string; isNew: boolean }): string {
  const lines: string[] = [];
  const service = { url: 'http://127.0.0.1:8080', keys: { adminKey: KEY, adminKeyFile }, temporalUiUrl: undefined };
  printSummary(loadConfig(env), service, (line) => lines.push(line));
  return lines.join('\n');
}

it('the start that generates the admin key prints it once, and the calls to paste read it from its file', () => {
  const text = print({}, { path: FILE, isNew: true });
  expect(text).toContain(`  admin key      ${KEY}\n`);
  expect(text).toContain(`  KEY=$(cat '${FILE}')\n`);
  expect(text.split(KEY)).toHaveLength(2);
});

it('later starts name the file of the admin key', () => {
  const text = print({}, { path: FILE, isNew: false });
  expect(text).toContain(`  admin key      in ${FILE}\n`);
  expect(text).not.toContain(KEY);
});

it('an admin key that was set is never printed', () => {
  const text = print({ SIGNPOST_ADMIN_KEY: KEY });
  expect(text).toContain('  admin key      the value of SIGNPOST_ADMIN_KEY\n');
  expect(text).toContain('  KEY=$SIGNPOST_ADMIN_KEY\n');
  expect(text).not.toContain(KEY);
});

it('a short admin key gets a warning', () => {
  expect(print({ SIGNPOST_ADMIN_KEY: 'k'.repeat(23) })).toContain(
    'warning: SIGNPOST_ADMIN_KEY is short enough to be guessed; use at least 24 characters',
  );
  expect(print({ SIGNPOST_ADMIN_KEY: 'k'.repeat(24) })).not.toContain('warning');
});

it('a service with a Postgres of its own is warned of links that lead nowhere without SIGNPOST_PUBLIC_URL', () => {
  const env = {
    DATABASE_URL: 'postgres://signpost:secret@postgres/signpost',
    SIGNPOST_MASTER_KEY: Buffer.alloc(32).toString('base64'),
    SIGNPOST_ADMIN_KEY: 'k'.repeat(24),
  };
  const warning = 'warning: SIGNPOST_PUBLIC_URL is not set, so links for customers begin with http://127.0.0.1:8080';
  expect(print(env)).toContain(warning);
  const published = print({ ...env, SIGNPOST_PUBLIC_URL: 'https://signpost.example.com' });
  expect(published).not.toContain('warning');
  expect(published).not.toContain('To send your first event');
});
