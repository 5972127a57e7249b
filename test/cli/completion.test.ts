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

it('offers commands, then the commands below, then options', async () => {
  expect(await candidates('')).toEqual(expect.arrayContaining(['start', 'onboard', 'notifications']));
  expect(await candidates('')).not.toContain('complete');
  expect(await candidates('not')).toEqual(['notifications']);
  expect(await candidates('notifications', '')).toEqual(['list', 'show', 'retry', 'cancel', 'help']);
  expect(await candidates('notifications', 'list', '--s')).toEqual(['--status', '--subscription', '--since']);
  expect(await candidates('notifications', 'list', '--j')).toEqual(['--json']);
  expect(await candidates('onboard', 'product', '')).toEqual([]);
});

it('has a script for each shell', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await signpost(URL, ['completion', shell]);
    expect(code).toBe(0);
    expect(out).toContain('signpost complete -- ');
  }
});

it('completes in a real bash', async () => {
  const directory = tempDir();
  const script = path.join(directory, 'completion.bash');
  writeFileSync(script, (await signpost(URL, ['completion', 'bash'])).out);
  // Answers as the command line does, and keeps what it was asked.
  mkdirSync(path.join(directory, 'bin'));
  const offered = (await candidates('notifications', 're')).join('\\n');
  writeFileSync(
    path.join(directory, 'bin', 'signpost'),
    `#!/bin/sh\necho "$@" > ${directory}/asked\nprintf '${offered}\\n'\n`,
    { mode: 0o755 },
  );
  const typed = `COMP_WORDS=(signpost notifications re); COMP_CWORD=2; _signpost; echo "\${COMPREPLY[@]}"; cat ${directory}/asked`;
  const out = execFileSync('bash', ['--norc', '-c', `source ${script}; ${typed}`], {
    env: { PATH: `${path.join(directory, 'bin')}:${process.env.PATH}` },
    encoding: 'utf8',
  });
  expect(out).toBe('retry\ncomplete -- notifications re\n');
});
