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
import { makePrivate, withPrivateFiles } from './private-directory';

const DEFAULT_PORT = 7233;
const DEFAULT_UI_PORT = 8233;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const SEARCH_ATTRIBUTES = ['SignpostCustomer', 'SignpostSubscription', 'SignpostEventType'];

/** A Temporal development server on 127.0.0.1. */
export interface RunningTemporal {
  address: string;
  port: number;
  uiUrl: string;
  uiPort: number;
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
 * @param preferredPort - if it is taken, a free one is used
 * @param settings - dynamic configuration of the server, with values in JSON
 * @param preferredUiPort - the same for the UI; with any other port than the default, it gets a
 *   free one if this is absent
 * @throws Error with the end of its log if it does not start
 */
export async function startTemporal(
  cli: string,
  directory: string,
  preferredPort = DEFAULT_PORT,
  settings: Readonly<Record<string, string>> = {},
  preferredUiPort = preferredPort === DEFAULT_PORT ? DEFAULT_UI_PORT : 0,
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
  return startWithRetries(() =>
    startFresh(cli, { database, stateFile, log }, [preferredPort, preferredUiPort], settings),
  );
}

/** @returns the address of the embedded Temporal, undefined if none runs in this data directory */
export function findRunningTemporal(dataDir: string): string | undefined {
  const state = readState(path.join(dataDir, 'temporal', 'server.json'));
  return state && isAlive(state.pid) ? `127.0.0.1:${state.port}` : undefined;
}

async function startFresh(
  cli: string,
  { database, stateFile, log }: { database: string; stateFile: string; log: string },
  [preferredPort, preferredUiPort]: [number, number],
  settings: Readonly<Record<string, string>>,
): Promise<RunningTemporal> {
  const port = await freePort(preferredPort);
  const uiPort = await freePort(preferredUiPort);
  const logged = existsSync(log) ? statSync(log).size : 0;
  const child = spawnServer(cli, [...serverArgs(database, port, uiPort), ...settingArgs(settings)], log);
  const state = { pid: child.pid ?? 0, port, uiPort };
  withPrivateFiles(() => writeFileSync(stateFile, JSON.stringify(state)));
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
    ...settingArgs({ 'matching.enableFairness': 'true' }),
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

function settingArgs(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${value}`]);
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
    port: state.port,
    uiUrl: `http://127.0.0.1:${state.uiPort}`,
    uiPort: state.uiPort,
    pid: state.pid,
    adopted,
    async stop() {
      await endProcess(state.pid, 'SIGTERM', STOP_TIMEOUT_MS);
      rmSync(stateFile, { force: true });
    },
  };
}
