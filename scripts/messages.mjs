/**
 * `npm run messages`: writes the texts of the web UI to the catalogs in web/locales. With `--check`
 * fails if a catalog is out of date. With `--pseudo` prints a generated language as JSON, in which
 * a text that is not in the catalog stands out: "Ēńďƥōĩńţś".
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
  console.log(JSON.stringify(await pseudoLanguage()));
} else if (process.argv.includes('--check')) {
  await check();
} else {
  await write();
}

/** @returns the catalog for a page, and the messages without values by their English text */
async function pseudoLanguage() {
  const { sourceLocale } = config;
  const { messages: english } = await catalog.getTranslations(sourceLocale, { sourceLocale });
  const { source } = createCompiledCatalog(PSEUDO_LOCALE, english, { pseudoLocale: PSEUDO_LOCALE, namespace: 'json' });
  const { messages } = JSON.parse(source);
  const plain = Object.entries(english).filter(([, text]) => !/[{<]/.test(text));
  return {
    locale: PSEUDO_LOCALE,
    messages,
    texts: Object.fromEntries(plain.map(([id, text]) => [text, messages[id][0]])),
  };
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
