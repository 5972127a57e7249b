import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  accepts,
  commandLine,
  endProcess,
  freePort,
  isAlive,
  spawnServer,
  startWithRetries,
  waitUntilUp,
} from './processes';
import { makePrivate } from './private-directory';

const DEFAULT_PORT = 7233;
const DEFAULT_UI_PORT = 8233;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const SEARCH_ATTRIBUTES = ['SignpostCustomer', 'SignpostSubscription', 'SignpostEventType'];

/** A Temporal development server on 127.0.0.1. */
export interface RunningTemporal {
  address: string;
  uiUrl: string;
  pid: number;
  /** Whether it was already running, left behind by a process that was killed. */
  adopted: boolean;
  /** Stops the server; resolves when its process is gone. */
  stop(): Promise<void>;
}

interface State {
  pid: number;
  port: number;
  uiPort: number;
}

/**
 * Runs the development server of the official CLI with its UI on an SQLite file, or adopts a server
 * that a killed process left behind.
 *
 * @param cli - path of the `temporal` command
 * @param preferredPort - if it is taken, a free one is used; with any other port than the default,
 *   the UI gets a free one
 * @throws Error with the end of its log if it does not start
 */
export async function startTemporal(
  cli: string,
  directory: string,
  preferredPort = DEFAULT_PORT,
): Promise<RunningTemporal> {
  makePrivate(directory);
  const database = path.join(directory, 'temporal.db');
  const stateFile = path.join(directory, 'server.json');
  const log = path.join(directory, 'temporal.log');
  const running = readState(stateFile);
  if (running && isAlive(running.pid) && commandLine(running.pid)?.includes(database) !== false) {
    if (await accepts(running.port)) return describe(running, stateFile, true);
    await endProcess(running.pid, 'SIGTERM', STOP_TIMEOUT_MS);
  }
  // The server uses more ports than these, and another program may have taken one of them.
  return startWithRetries(() => startFresh(cli, { database, stateFile, log }, preferredPort));
}

async function startFresh(
  cli: string,
  { database, stateFile, log }: { database: string; stateFile: string; log: string },
  preferredPort: number,
): Promise<RunningTemporal> {
  const port = await freePort(preferredPort);
  const uiPort = await freePort(preferredPort === DEFAULT_PORT ? DEFAULT_UI_PORT : 0);
  const logged = existsSync(log) ? statSync(log).size : 0;
  const child = spawnServer(cli, serverArgs(database, port, uiPort), log);
  const state = { pid: child.pid ?? 0, port, uiPort };
  writeFileSync(stateFile, JSON.stringify(state));
  try {
    await waitUntilUp(
      child,
      async () => logSaysReady(log, logged, port) && (await accepts(port)),
      log,
      START_TIMEOUT_MS,
    );
  } catch (error) {
    if (state.pid) await endProcess(state.pid, 'SIGTERM', STOP_TIMEOUT_MS);
    throw new Error(`The Temporal server ${(error as Error).message} (log: ${log})`, { cause: error });
  }
  return describe(state, stateFile, false);
}

/**
 * An open port is not enough: another server may have taken it just before ours, which then ends.
 */
function logSaysReady(log: string, from: number, port: number): boolean {
  return new RegExp(`Server:\\s+\\S+:${port}\\s`).test(readFileSync(log).subarray(from).toString('utf8'));
}

function serverArgs(database: string, port: number, uiPort: number): string[] {
  return [
    ...[
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--ui-port',
      String(uiPort),
      '--db-filename',
      database,
      '--log-level',
      'warn',
    ],
    // Write-ahead logging triples the throughput. FULL keeps acknowledged writes through a power
    // loss.
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL'],
    // Customers take turns in a backlog, by the fairness keys of their workflows.
    ...['--dynamic-config-value', 'matching.enableFairness=true'],
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

function readState(file: string): State | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as State;
  } catch {
    return undefined;
  }
}

function describe(state: State, stateFile: string, adopted: boolean): RunningTemporal {
  return {
    address: `127.0.0.1:${state.port}`,
    uiUrl: `http://127.0.0.1:${state.uiPort}`,
    pid: state.pid,
    adopted,
    async stop() {
      await endProcess(state.pid, 'SIGTERM', STOP_TIMEOUT_MS);
      rmSync(stateFile, { force: true });
    },
  };
}
