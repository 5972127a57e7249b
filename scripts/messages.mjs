/**
 * `npm run messages`: writes the texts of the web UI to the catalogs in web/locales. With `--check`
 * fails if a catalog is out of date. With `--pseudo` prints a generated language as JSON, in which a
 * text that is not in the catalog stands out: "Ēńďƥōĩńţś".
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCompiledCatalog, getCatalogs } from '@lingui/cli/api';
import { getConfig } from '@lingui/conf';
import { ROOT } from './toolchain.mjs';

const PSEUDO_LOCALE = 'en-XA';
const config = getConfig({ configPath: path.join(ROOT, 'web', 'lingui.config.ts') });
const [catalog] = await getCatalogs(config);

if (process.argv.includes('--pseudo')) {
  const messages = await catalog.getTranslations(config.sourceLocale, { sourceLocale: config.sourceLocale });
  const { source } = createCompiledCatalog(PSEUDO_LOCALE, messages.messages, {
    pseudoLocale: PSEUDO_LOCALE,
    namespace: 'json',
  });
  console.log(JSON.stringify({ locale: PSEUDO_LOCALE, ...JSON.parse(source) }));
} else if (process.argv.includes('--check')) {
  await check();
} else {
  await write();
}

async function write() {
  await catalog.make({ clean: true, orderBy: config.orderBy });
}

/** Extracts into a copy, and compares it with the committed catalog. */
async function check() {
  const committed = catalog.getFilename(config.sourceLocale);
  const folder = mkdtempSync(path.join(tmpdir(), 'messages-'));
  try {
    catalog.path = path.join(folder, '{locale}');
    const copy = catalog.getFilename(config.sourceLocale);
    copyFileSync(committed, copy);
    await write();
    if (readFileSync(copy, 'utf8') === readFileSync(committed, 'utf8')) return;
    console.error(`${path.relative(ROOT, committed)} is out of date. Run npm run messages.`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
