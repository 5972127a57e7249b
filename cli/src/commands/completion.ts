import { Argument, type Command } from 'commander';
import type { Session } from '../session';

/** The script for each shell. All call the hidden command `complete` for the candidates. */
const SCRIPTS = {
  bash: `_signpost() {
  local IFS=$'\\n'
  COMPREPLY=($(signpost complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _signpost signpost`,
  zsh: `#compdef signpost
_signpost() {
  local -a candidates
  candidates=("\${(@f)$(signpost complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a candidates
  (( $#candidates )) || _files
}
compdef _signpost signpost`,
  fish: `function __signpost_complete
  signpost complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c signpost -a '(__signpost_complete)'`,
} as const;

/** Adds the `completion` command: prints a completion script for a shell. */
export function addCompletion(program: Command, session: Session): void {
  program
    .command('completion')
    .description('Print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
Examples:
  $ echo 'source <(signpost completion bash)' >> ~/.bashrc
  $ echo 'source <(signpost completion zsh)' >> ~/.zshrc
  $ signpost completion fish > ~/.config/fish/completions/signpost.fish`,
    )
    .action((shell: keyof typeof SCRIPTS) => session.io.out(`${SCRIPTS[shell]}\n`));

  program.command('complete [words...]', { hidden: true }).action((words: string[]) =>
    session.io.out(
      candidates(program, words)
        .map((word) => `${word}\n`)
        .join(''),
    ),
  );
}

/**
 * Returns the commands and options that complete a command line.
 *
 * @param words - the words of the command line; the last one is incomplete, possibly empty
 */
export function candidates(program: Command, words: readonly string[]): string[] {
  const typed = words.at(-1) ?? '';
  let command = program;
  for (const word of words.slice(0, -1))
    command = command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word)) ?? command;
  const options = [...command.options, ...(command === program ? [] : program.options)].flatMap(({ long, hidden }) =>
    long && !hidden ? [long] : [],
  );
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => sub.name());
  return [...visible, ...options, '--help'].filter(
    (word) => word.startsWith(typed) && (typed !== '' || !word.startsWith('-')),
  );
}
