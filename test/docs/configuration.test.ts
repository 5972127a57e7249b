import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SETTINGS } from '../../src/config/settings';

const PAGE = path.join(__dirname, '..', '..', 'docs', 'operators', 'configuration.md');

/** The page, generated from the settings. */
function configurationPage(): string {
  const sections = Object.entries(SETTINGS).map(([name, setting]) =>
    [
      `## ${name.replace('<', '\\<')}`,
      '',
      setting.meaning,
      '',
      `- Expected: ${setting.expected}`,
      `- Default: ${setting.default}`,
      ...('secret' in setting
        ? ['- Secret: never printed or logged; can be read from a [file](#secrets-in-files)']
        : []),
    ].join('\n'),
  );
  return `${[
    '# Configuration',
    'Settings are environment variables. The service reads them once, when it starts. An empty variable counts as unset, except for the two allow-lists and the features.',
    'If a value is invalid, the service does not start. It prints the name of the variable and the expected value. A valid configuration is printed at the start, with secrets masked, and so are variables that begin with `SIGNPOST_` and are no setting, with the setting that was probably meant.',
    'To run several processes with roles `api` and `worker`, see [Scaling](scaling.md). The CLI has [its own settings](cli.md#service-and-credential).',
    'This page is generated from the settings in `src/config/settings.ts` by `npm run docs`.',
    '## Secrets in files',
    'Each setting that is a secret can be read from a file instead, as Docker and Kubernetes provide secrets. Set the variable with `_FILE` at its end to the path: `SIGNPOST_MASTER_KEY_FILE=/run/secrets/master-key`. One line break at the end of the file is not part of the value. If both variables are set, or the file is empty or cannot be read, the service does not start, and names the variable and the file.',
    ...sections,
  ].join('\n\n')}\n`;
}

it('docs/operators/configuration.md matches the settings (npm run docs updates it)', () => {
  if (process.env.UPDATE_DOCS) writeFileSync(PAGE, configurationPage());
  expect(readFileSync(PAGE, 'utf8')).toBe(configurationPage());
});
