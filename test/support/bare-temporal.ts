import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { fromSetup } from './environment';
import { tempDir } from './service';
import { until } from './until';

/** A Temporal server that nothing was prepared in, and that a test may freeze, end or replace. */
export interface BareTemporal {
  address: string;
  port: number;
  /** Connects for calls that only an operator makes. */
  connect(): Promise<Connection>;
  createNamespace(namespace: string): Promise<void>;
  /** Stops the process without ending it, as an overloaded machine does. */
  freeze(): void;
  unfreeze(): void;
  stop(): Promise<void>;
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * @param port - the same one as before replaces a server
 * @param args - further arguments of the development server
 */
export async function startBareTemporal(port: number, args: string[] = []): Promise<BareTemporal> {
  const database = path.join(tempDir(), 'temporal.db');
  const child = spawn(
    fromSetup('temporalCli'),
    [
      ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
      ...['--db-filename', database, '--log-level', 'error', ...args],
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => child.once('close', resolve));
  const address = `127.0.0.1:${port}`;
  const connect = () => Connection.connect({ address, connectTimeout: 1000 });
  const withConnection = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await connect();
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  };
  await until(
    () =>
      withConnection((connection) => connection.workflowService.describeNamespace({ namespace: 'default' })).then(
        () => true,
        () => false,
      ),
    (isUp) => isUp,
  );
  return {
    address,
    port,
    connect,
    createNamespace: (namespace) =>
      withConnection(async (connection) => {
        await connection.workflowService.registerNamespace({
          namespace,
          workflowExecutionRetentionPeriod: msToTs('1 day'),
        });
      }),
    freeze: () => void child.kill('SIGSTOP'),
    unfreeze: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
