import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SETTINGS } from '../../src/config';

const PAGE = path.join(__dirname, '..', '..', 'docs', 'operators', 'configuration.md');

/** The page as the settings have it. */
function configurationPage(): string {
  const sections = Object.entries(SETTINGS).map(([name, setting]) =>
    [
      `## ${name.replace('<', '\\<')}`,
      '',
      setting.meaning,
      '',
      `- Expected: ${setting.expected}`,
      `- Default: ${setting.default}`,
      ...('secret' in setting ? ['- Secret: never printed or logged'] : []),
    ].join('\n'),
  );
  return `${[
    '# Configuration',
    'All settings are environment variables, read once at the start. An empty variable counts as one that is not set, save for the two allow-lists.',
    'A value that cannot be used stops the start with a line that names the variable and what is expected. The configuration in force is printed, with secrets masked, when the service starts.',
    'This page is made from the settings in `src/config.ts` by `npm run docs`.',
    ...sections,
  ].join('\n\n')}\n`;
}

it('the configuration page says what the settings say; npm run docs brings it up to date', () => {
  if (process.env.UPDATE_DOCS) writeFileSync(PAGE, configurationPage());
  expect(readFileSync(PAGE, 'utf8')).toBe(configurationPage());
});
