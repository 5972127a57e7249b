import type { Command } from 'commander';
import { CliError, EXIT } from '../exit-codes';

/**
 * Adds the names of the commands that run the service or open its database. They are in the
 * installation of the service, not in this package.
 */
export function addServerHints(program: Command): void {
  const keys = program.commands.find((command) => command.name() === 'keys')!;
  for (const [parent, name] of [
    [program, 'start'],
    [program, 'migrate'],
    [program, 'doctor'],
    [keys, 'show'],
    [keys, 'rotate'],
  ] as const)
    parent
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        const words = parent === keys ? `keys ${name}` : name;
        throw new CliError(
          EXIT.usage,
          `signpost ${words} is a command of the service. Run it where the service is installed: in a checkout, npm run -s signpost -- ${words}.`,
        );
      });
}
