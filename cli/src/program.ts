import { Command, CommanderError } from 'commander';
import { SignpostError, SignpostUnreachableError } from '@signpost/sdk';
import { secretOption } from './arguments';
import { linesOf, problemOf } from './client';
import { addActivity } from './commands/activity';
import { addAllowList } from './commands/allow-list';
import { addAudit } from './commands/audit';
import { addCustomers } from './commands/customers';
import { addCompletion } from './commands/completion';
import { addDeploys } from './commands/deploys';
import { addEvents } from './commands/events';
import { addKeys } from './commands/keys';
import { addListen } from './commands/listen';
import { addNotifications } from './commands/notifications';
import { addOAuthClients } from './commands/oauth-clients';
import { addOnboard } from './commands/onboard';
import { addPortal } from './commands/portal';
import { addProducts } from './commands/products';
import { addRecover } from './commands/recover';
import { addRetention } from './commands/retention';
import { addServerHints } from './commands/server-hints';
import { addSubscriptions } from './commands/subscriptions';
import { addTypes } from './commands/types';
import { CliError, EXIT, type ExitCode } from './exit-codes';
import type { Io } from './output';
import { Session, type GlobalOptions } from './session';

const HELP = `
Service and credential, in the order in which they are looked up:
  URL      --url, SIGNPOST_URL, http://127.0.0.1:8080
  API key  --key, --key-file, SIGNPOST_API_KEY
           For a service on this machine also SIGNPOST_ADMIN_KEY, and the key
           that the service generated in .signpost/ (SIGNPOST_DATA_DIR).

Exit codes:
  0  success
  1  the service refused the command, or its result is a failure
  2  an argument or file is invalid; nothing was changed
  3  the service is unreachable
  4  the credential is missing, was rejected, or lacks permission

Examples:
  $ signpost onboard product payments.yaml --dry-run
  $ signpost events send payment.confirmed.v1 --customer customer1 \\
      --data '{"paymentId":"P-1"}'
  $ signpost notifications list --status failed --json`;

/** The program that offers the commands: the package of the command line, or the service. */
export interface Host {
  version: string;
  /** Adds the commands of the service itself. Without it, their names say where to find them. */
  addCommands?(program: Command, session: Session): void;
}

/** Builds the command tree. */
export function buildProgram(session: Session, { version, addCommands = addServerHints }: Host): Command {
  const program = new Command('signpost')
    .description('Durable webhook notifications on Temporal')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'Show help for a command')
    .option('--url <url>', 'URL of the service')
    .option('--key <key>', 'API key; other users of the machine can see it')
    .option('--key-file <file>', 'file that contains the API key, or - for standard input')
    .option('--json', 'print results as JSON')
    .exitOverride()
    .configureOutput({ writeOut: (text) => session.io.out(text), writeErr: (text) => session.io.err(text) })
    .showHelpAfterError('(add --help for usage)')
    .addHelpText('after', HELP)
    .hook('preAction', async (_, command) => session.use(await withKey(session.io, command.optsWithGlobals())));
  addOnboard(program, session);
  addProducts(program, session);
  addTypes(program, session);
  addCustomers(program, session);
  addSubscriptions(program, session);
  addAllowList(program, session);
  addEvents(program, session);
  addNotifications(program, session);
  addRecover(program, session);
  addDeploys(program, session);
  addActivity(program, session);
  addAudit(program, session);
  addRetention(program, session);
  addKeys(program, session);
  addOAuthClients(program, session);
  addPortal(program, session);
  addListen(program, session);
  addCompletion(program, session);
  addCommands(program, session);
  return program;
}

/** Reads the file that `--key-file` names. */
async function withKey(io: Io, options: GlobalOptions & { keyFile?: string }): Promise<GlobalOptions> {
  return { ...options, key: await secretOption(io, 'key', options.key, options.keyFile) };
}

/**
 * Runs a command line.
 *
 * @param args - the arguments after the names of Node and the script
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io, host: Host): Promise<ExitCode> {
  const session = new Session(io);
  try {
    await buildProgram(session, host).parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof SignpostError && error.code !== 'unknown') {
      io.err(session.json ? `${JSON.stringify(problemOf(error), null, 2)}\n` : `${linesOf(error).join('\n')}\n`);
      return [401, 403].includes(error.status) ? EXIT.unauthorized : EXIT.failed;
    }
    const cliError = asCliError(error);
    if (!cliError) throw error;
    const { exitCode, message, errors } = cliError;
    const problem = { exitCode, detail: message, ...(errors.length > 0 ? { errors } : {}) };
    io.err(session.json ? `${JSON.stringify(problem, null, 2)}\n` : `${message}\n`);
    return exitCode;
  }
}

function asCliError(error: unknown): CliError | undefined {
  if (error instanceof CliError) return error;
  if (error instanceof SignpostUnreachableError)
    return new CliError(
      EXIT.unreachable,
      `Cannot reach the service. ${error.message}. Check that Signpost is running there, or set --url or SIGNPOST_URL.`,
    );
  if (error instanceof SignpostError)
    return new CliError(
      EXIT.unreachable,
      `This is not a Signpost service. ${error.detail} Check --url or SIGNPOST_URL.`,
    );
  // The SDK refuses an id that would change the path of the call.
  if (error instanceof TypeError && /^(\w+ must not be|\/v1\/\S+ needs a value)/.test(error.message))
    return new CliError(EXIT.usage, error.message);
  return undefined;
}
