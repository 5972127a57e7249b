import { Command, CommanderError } from 'commander';
import { VERSION } from '../process/version';
import { secretOption } from './arguments';
import { ApiError } from './client';
import { addAudit } from './commands/audit';
import { addCustomers } from './commands/customers';
import { addCompletion } from './commands/completion';
import { addEvents } from './commands/events';
import { addKeys } from './commands/keys';
import { addListen } from './commands/listen';
import { addNotifications } from './commands/notifications';
import { addOnboard } from './commands/onboard';
import { addProducts } from './commands/products';
import { addRecover } from './commands/recover';
import { addRetention } from './commands/retention';
import { addService } from './commands/service';
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
  $ signpost start
  $ signpost onboard product payments.yaml --dry-run
  $ signpost events send payment.confirmed.v1 --customer customer1 \\
      --data '{"paymentId":"P-1"}'
  $ signpost notifications list --status failed --json`;

/** Builds the command tree. */
export function buildProgram(session: Session): Command {
  const program = new Command('signpost')
    .description('Durable webhook notifications on Temporal')
    .version(VERSION, '-V, --version', 'print the version')
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
  addService(program, session);
  addOnboard(program, session);
  addProducts(program, session);
  addTypes(program, session);
  addCustomers(program, session);
  addSubscriptions(program, session);
  addEvents(program, session);
  addNotifications(program, session);
  addRecover(program, session);
  addAudit(program, session);
  addRetention(program, session);
  addKeys(program, session);
  addListen(program, session);
  addCompletion(program, session);
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
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const session = new Session(io);
  try {
    await buildProgram(session).parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof ApiError) {
      io.err(session.json ? `${JSON.stringify(error.problem, null, 2)}\n` : `${error.lines.join('\n')}\n`);
      return [401, 403].includes(error.problem.status) ? EXIT.unauthorized : EXIT.failed;
    }
    if (error instanceof CliError) {
      io.err(`${error.message}\n`);
      return error.exitCode;
    }
    throw error;
  }
}
