import type { LinguiConfig } from '@lingui/conf';
import { formatter } from '@lingui/format-po';

/** The catalogs of the texts, and which modules the compiled code takes its texts from. */
const config: LinguiConfig = {
  rootDir: import.meta.dirname,
  sourceLocale: 'en',
  locales: ['en'],
  catalogs: [{ path: '<rootDir>/locales/{locale}', include: ['<rootDir>/src'] }],
  // Line numbers and creation dates would change the catalog with every change of the code.
  format: formatter({ lineNumbers: false, printPlaceholdersInComments: false }),
  orderBy: 'message',
  runtimeConfigModule: { i18n: ['#i18n/i18n', 'i18n'], Trans: ['#i18n/trans', 'Trans'] },
};
export default config;
