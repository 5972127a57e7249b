import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TlsPaths } from '../config/tls-paths';
import { endsWithin } from '../process/ends-within';
import { NO_TRACING, type Tracing } from '../process/tracing';
import { ApiKey } from './api-key';
import { callWithDeadline } from './deadline';
import { clientTracing } from './trace-interceptors';

export interface TemporalSettings {
  address: string;
  namespace: string;
  apiKey?: string;
  /** File that the API key came from, and that a new key will be in. */
  apiKeyFile?: string;
  tls?: TlsPaths;
}

/**
 * A connection that client and worker share, so that a started workflow can run in the same process
 * (eager start).
 */
export interface Temporal {
  client: Client;
  connection: NativeConnection;
  namespace: string;
}

/** There is no connection to Temporal yet. */
export class TemporalUnavailableError extends Error {
  override readonly name = 'TemporalUnavailableError';
}

const RECONNECT_MS = 1000;
const PING_TIMEOUT_MS = 2000;
/** Longest wait for the end of the connection. */
const CLOSE_MS = 1000;
/** How often the file of the API key is read again. */
const API_KEY_READ_MS = 30_000;

/**
 * Connects to Temporal in the background, because events are accepted whether or not it is
 * available. Once made, the connection recovers by itself when Temporal restarts.
 */
export class TemporalLink {
  /** Resolves when connected; rejects only if the link is closed before. */
  readonly connected: Promise<Temporal>;
  private temporal: Temporal | undefined;
  private readonly closing = new AbortController();
  private readonly apiKey: ApiKey;
  private apiKeyTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: TemporalSettings,
    private readonly log: Logger,
    private readonly tracing: Tracing = NO_TRACING,
    private readonly apiKeyReadMs = API_KEY_READ_MS,
  ) {
    this.apiKey = new ApiKey(settings.apiKey, settings.apiKeyFile);
    this.connected = this.connect();
    // Without a caller that awaits the connection, a rejection would be unhandled.
    this.connected.catch(() => undefined);
  }

  /** @throws TemporalUnavailableError while not connected */
  use(): Temporal {
    if (!this.temporal)
      throw new TemporalUnavailableError(`There is no connection to Temporal at ${this.settings.address} yet.`);
    return this.temporal;
  }

  /** Checks that Temporal responds. @throws the error of the connection if it does not */
  async ping(): Promise<boolean> {
    const { namespace } = this.settings;
    await callWithDeadline(this, (client) => client.workflowService.describeNamespace({ namespace }), PING_TIMEOUT_MS);
    return true;
  }

  async close(): Promise<void> {
    // It does not wait for an attempt to connect, which takes long if nothing answers.
    this.closing.abort();
    clearInterval(this.apiKeyTimer);
    // A silent server does not confirm it.
    if (this.temporal) await endsWithin(this.temporal.connection.close(), CLOSE_MS);
  }

  private async connect(): Promise<Temporal> {
    for (let failures = 0; ; failures++) {
      try {
        const key = this.apiKey.current();
        const connection = await NativeConnection.connect(await connectionOptions(this.settings, key));
        if (this.closing.signal.aborted) {
          await connection.close();
          this.closing.signal.throwIfAborted();
        }
        const { namespace } = this.settings;
        this.temporal = { client: createClient(connection, namespace, this.tracing), connection, namespace };
        this.renewApiKey(connection, key);
        return this.temporal;
      } catch (error) {
        this.closing.signal.throwIfAborted();
        if (failures % 30 === 0)
          this.log.warn(
            { err: error, address: this.settings.address },
            'Temporal does not respond; events are accepted and will be delivered when it does',
          );
        await sleep(RECONNECT_MS, undefined, { signal: this.closing.signal });
      }
    }
  }

  /** Hands a key that was replaced in its file to the connection. */
  private renewApiKey(connection: NativeConnection, first: string | undefined): void {
    if (this.settings.apiKeyFile === undefined) return;
    let used = first;
    let fault: string | undefined;
    const renew = async () => {
      const key = this.apiKey.current();
      if (this.apiKey.fault !== fault) {
        fault = this.apiKey.fault;
        if (fault !== undefined) this.log.warn({ fault }, 'the API key of Temporal could not be read again');
      }
      if (key === undefined || key === used) return;
      await connection.setApiKey(key);
      used = key;
      this.log.info('the API key of Temporal was replaced');
    };
    const report = (error: unknown) => this.log.warn({ err: error }, 'the API key of Temporal could not be replaced');
    this.apiKeyTimer = setInterval(() => void renew().catch(report), this.apiKeyReadMs).unref();
  }
}

/**
 * Creates a client that queries running workflows only: a query of a closed one would replay it,
 * and return what it did before it was terminated.
 */
export function createClient(connection: NativeConnection, namespace: string, tracing: Tracing = NO_TRACING): Client {
  const interceptors = tracing.isOn ? { workflow: [clientTracing(tracing)] } : undefined;
  return new Client({ connection, namespace, interceptors, workflow: { queryRejectCondition: 'NOT_OPEN' } });
}

/** What a connection is made with. Reads the files of TLS. */
export async function connectionOptions(
  { address, tls }: TemporalSettings,
  apiKey: string | undefined,
): Promise<NativeConnectionOptions> {
  const options: NativeConnectionOptions = { address };
  if (apiKey !== undefined) options.apiKey = apiKey;
  if (tls) {
    const [serverRootCACertificate, crt, key] = await Promise.all(
      [tls.serverCaCertPath, tls.clientCertPath, tls.clientKeyPath].map(readPem),
    );
    options.tls = {
      serverRootCACertificate,
      serverNameOverride: tls.serverName,
      ...(crt && key ? { clientCertPair: { crt, key } } : {}),
    };
  } else if (apiKey !== undefined) {
    options.tls = true;
  }
  return options;
}

async function readPem(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : readFile(path);
}
