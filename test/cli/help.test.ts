import type { Command } from 'commander';
import { buildProgram } from '../../cli/src/program';
import { Session } from '../../cli/src/session';
import { ROLES } from '../../src/domain/types';
import { host, signpost } from '../support/cli';

/** The words of every visible command and group of commands. */
function commandPaths(command: Command, words: string[] = []): string[][] {
  const visible = command.createHelp().visibleCommands(command);
  return visible
    .filter((sub) => sub.name() !== 'help')
    .flatMap((sub) => [[...words, sub.name()], ...commandPaths(sub, [...words, sub.name()])]);
}

const paths = commandPaths(buildProgram(new Session({} as never), host));

async function help(words: string[]): Promise<string> {
  const { code, out, err } = await signpost('http://127.0.0.1:1', [...words, '--help']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

/** The entries of the sections Options and Commands, without their wrapped lines. */
function entries(text: string): string[] {
  return [...text.matchAll(/^(?:Options|Commands):\n((?: .*\n)+)/gm)].flatMap(([, section]) =>
    section!.split('\n').filter((line) => /^ {2}\S/.test(line)),
  );
}

it('lists every command in the help of its parent', async () => {
  expect(paths.map((words) => words.join(' '))).toEqual(
    expect.arrayContaining(['start', 'migrate', 'onboard customer', 'types generate', 'recover start', 'listen']),
  );
  for (const words of paths) {
    const listed = entries(await help(words.slice(0, -1))).map((line) => line.trim().split(/[ |]/)[0]);
    expect(listed).toContain(words.at(-1));
  }
});

it.each(paths.map((words) => words.join(' ')))('prints help with a description for `%s`', async (name) => {
  const [usage, blank, description] = (await help(name.split(' '))).split('\n');
  expect(usage).toMatch(new RegExp(`^Usage: signpost ${name} `));
  expect(blank).toBe('');
  expect(description).toMatch(/^[A-Z].* /);
});

it.each(['', ...paths.map((words) => words.join(' '))])(
  'describes every option and subcommand in the help of `signpost %s`',
  async (name) => {
    const listed = entries(await help(name.split(' ').filter(Boolean)));
    expect(listed.length).toBeGreaterThan(0);
    for (const entry of listed) expect(entry).toMatch(/^ {2}\S.*? {2,}\S/);
  },
);

it('keeps help texts within 80 columns', async () => {
  const texts = await Promise.all([[], ...paths].map(help));
  expect(texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 80)).toEqual([]);
});

it.each(['keys', 'oauth-clients'])('the help of `%s create` names every role', async (group) => {
  const text = await help([group, 'create']);
  for (const role of ROLES) expect(text.replace(/\s+/g, ' ')).toMatch(new RegExp(`--role <role> [^.]*\\b${role}\\b`));
});
