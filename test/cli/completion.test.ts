import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { signpost } from '../support/cli';
import { tempDir } from '../support/service';

const URL = 'http://127.0.0.1:1';

async function candidates(...words: string[]): Promise<string[]> {
  const { code, out } = await signpost(URL, ['complete', '--', ...words]);
  expect(code).toBe(0);
  return out.split('\n').filter(Boolean);
}

it('completes commands, subcommands and options', async () => {
  expect(await candidates('')).toEqual(expect.arrayContaining(['start', 'onboard', 'notifications']));
  expect(await candidates('')).not.toContain('complete');
  expect(await candidates('not')).toEqual(['notifications']);
  expect(await candidates('notifications', '')).toEqual(['list', 'show', 'retry', 'cancel', 'help']);
  expect(await candidates('notifications', 'list', '--s')).toEqual(['--status', '--subscription', '--since']);
  expect(await candidates('notifications', 'list', '--j')).toEqual(['--json']);
  expect(await candidates('onboard', 'product', '')).toEqual([]);
});

it('prints a completion script for bash, zsh and fish', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await signpost(URL, ['completion', shell]);
    expect(code).toBe(0);
    expect(out).toContain('signpost complete -- ');
  }
});

it('completes a command in a real bash', async () => {
  const directory = tempDir();
  const script = path.join(directory, 'completion.bash');
  writeFileSync(script, (await signpost(URL, ['completion', 'bash'])).out);
  // A fake signpost that prints the real candidates and records its arguments.
  mkdirSync(path.join(directory, 'bin'));
  const printed = (await candidates('notifications', 're')).join('\\n');
  writeFileSync(
    path.join(directory, 'bin', 'signpost'),
    `#!/bin/sh\necho "$@" > ${directory}/arguments\nprintf '${printed}\\n'\n`,
    { mode: 0o755 },
  );
  const typed = `COMP_WORDS=(signpost notifications re); COMP_CWORD=2; _signpost; echo "\${COMPREPLY[@]}"; cat ${directory}/arguments`;
  const out = execFileSync('bash', ['--norc', '-c', `source ${script}; ${typed}`], {
    env: { PATH: `${path.join(directory, 'bin')}:${process.env.PATH}` },
    encoding: 'utf8',
  });
  expect(out).toBe('retry\ncomplete -- notifications re\n');
});
