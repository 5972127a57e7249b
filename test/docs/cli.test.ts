import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '../../cli/src/exit-codes';
import { buildProgram } from '../../cli/src/program';
import { Session } from '../../cli/src/session';
import { addServerCommands } from '../../src/cli/commands/index';

const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'operators', 'cli.md'), 'utf8');

/** Every command that can be run, with the words to type. */
function leaves(command: Command, words: string[] = []): { name: string; command: Command }[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible
    .filter((sub) => sub.name() !== 'help')
    .flatMap((sub) =>
      sub.commands.length > 0
        ? leaves(sub, [...words, sub.name()])
        : [{ name: [...words, sub.name()].join(' '), command: sub }],
    );
}

const program = buildProgram(new Session({} as never), { version: '', addCommands: addServerCommands });
const documented = new Map(
  [...page.matchAll(/^\| `([a-z][a-z -]*)` +\| (.+) \|$/gm)].map(([, name, does]) => [name!, does!]),
);

it('docs/operators/cli.md lists exactly the commands of the CLI', () => {
  const commands = leaves(program).map(({ name }) => name);
  const files = ['product', 'fields', 'customer', 'subscriptions', 'checks'];
  expect([...documented.keys()].filter((name) => !files.includes(name)).sort()).toEqual(commands.sort());
});

it('docs/operators/cli.md lists exactly the options of every command', () => {
  for (const { name, command } of leaves(program)) {
    const options = command.options.map(({ long }) => long);
    const named = [...documented.get(name)!.matchAll(/--[a-z-]+/g)].map(([option]) => option);
    expect({ name, options: [...new Set(named)].sort() }).toEqual({ name, options: options.sort() });
  }
});

it('docs/operators/cli.md lists exactly the exit codes', () => {
  const codes = [...page.matchAll(/^\| (\d) +\| .+ \|$/gm)].map(([, code]) => Number(code));
  expect(codes).toEqual(Object.values(EXIT));
});

it('every CLI command has a description', () => {
  for (const { name, command } of leaves(program))
    expect({ name, says: command.description() !== '' }).toEqual({ name, says: true });
});
