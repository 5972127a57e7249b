import { ConfigError, loadConfig } from './config';
import { growEvenly, sweepHeap } from './process/heap';
import { unknownSettings } from './config/unknown-settings';
import { printSummary } from './service/start-summary';
import type { Service } from './service/compose';
import { startService } from './service/compose';

/**
 * Under npm, one Ctrl-C arrives twice: from the terminal and from npm, which forwards it. Only a
 * signal later than this counts as a second one.
 */
const SECOND_SIGNAL_AFTER_MS = 1000;

/** The process exits this long after the grace period, whatever hangs. */
const EXIT_AFTER_GRACE_MS = 4500;
/** Grace period while the configuration is not known yet. */
const DEFAULT_GRACE_SECONDS = 30;

const USAGE = `usage: npm start, or node dist/main.js

Runs Signpost until a signal stops it. It takes no arguments: settings are environment variables,
as described in docs/operators/configuration.md.
`;

/**
 * Runs the service until a signal stops it. The exit code is 0 after a clean stop.
 *
 * @param argument - the first one of the command line. It explains the usage, and runs nothing
 */
export async function main(argument?: string): Promise<void> {
  if (argument !== undefined) return explain(argument);
  growEvenly();
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosed);
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  let service: Service | undefined;
  let signalledAt = 0;
  let graceSeconds = DEFAULT_GRACE_SECONDS;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) {
        signalledAt = Date.now();
        stopping.abort();
        setTimeout(() => process.exit(0), graceSeconds * 1000 + EXIT_AFTER_GRACE_MS);
      } else if (Date.now() - signalledAt > SECOND_SIGNAL_AFTER_MS) {
        void (service?.stopNow() ?? Promise.resolve()).finally(() => process.exit(130));
      }
    });
  }
  try {
    const config = loadConfig();
    for (const line of unknownSettings()) print(line);
    graceSeconds = config.shutdownGraceSeconds;
    const running = await startService(config, print, stopping.signal);
    service = running;
    printSummary(config, running, print);
    const ready = running.ready.then(sweepHeap).then(() => print('ready'));
    await Promise.race([stopped, running.failed, ready.then(() => stopped)]).finally(async () => {
      print('stopping: waiting for attempts in flight (signal again to stop immediately)');
      await running.stop();
    });
    process.exit(0);
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0);
    // An invalid setting needs one clear line; any other error needs its stack.
    const text =
      error instanceof ConfigError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  }
}

function explain(argument: string): void {
  if (argument === '--help' || argument === '-h') {
    process.stdout.write(USAGE);
    return;
  }
  process.stderr.write(`unknown argument: ${argument}\n\n${USAGE}`);
  process.exitCode = 2;
}

/** The end of whoever reads the output, such as a log collector, must not end deliveries. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

if (require.main === module) void main(process.argv[2]);
