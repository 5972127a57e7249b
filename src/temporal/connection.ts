import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TlsPaths } from '../config';
import { callWithDeadline } from './deadline';

export interface TemporalSettings {
  address: string;
  namespace: string;
  apiKey?: string;
  tls?: TlsPaths;
}

/** A connection shared by client and worker, which is what lets a started workflow run at once in the same process (eager start). */
export interface Temporal {
  client: Client;
  connection: NativeConnection;
  namespace: string;
}

/** Temporal does not answer yet. */
export class TemporalUnavailableError extends Error {
  override readonly name = 'TemporalUnavailableError';
}

const RECONNECT_MS = 1000;
const PING_TIMEOUT_MS = 2000;

/**
 * The way to Temporal. Events are accepted whether or not it is up, so it is connected to in the background; once connected, the
 * connection heals itself when Temporal restarts.
 */
export class TemporalLink {
  /** Resolves when connected; rejects only when closed before. */
  readonly connected: Promise<Temporal>;
  private temporal: Temporal | undefined;
  private readonly closing = new AbortController();

  constructor(
    private readonly settings: TemporalSettings,
    private readonly log: Logger,
  ) {
    this.connected = this.connect();
    // Whoever needs the connection awaits it; nobody needing it is no error.
    this.connected.catch(() => undefined);
  }

  /** @throws TemporalUnavailableError while not connected */
  use(): Temporal {
    if (!this.temporal) throw new TemporalUnavailableError(`Temporal at ${this.settings.address} does not answer yet.`);
    return this.temporal;
  }

  /** Whether Temporal answers now. */
  async ping(): Promise<boolean> {
    const { namespace } = this.settings;
    await callWithDeadline(this, (client) => client.workflowService.describeNamespace({ namespace }), PING_TIMEOUT_MS);
    return true;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.connected.catch(() => undefined);
    await this.temporal?.connection.close();
  }

  private async connect(): Promise<Temporal> {
    for (let failures = 0; ; failures++) {
      try {
        const connection = await NativeConnection.connect(await connectionOptions(this.settings));
        const { namespace } = this.settings;
        this.temporal = { client: new Client({ connection, namespace }), connection, namespace };
        return this.temporal;
      } catch (error) {
        if (failures % 30 === 0)
          this.log.warn(
            { err: error, address: this.settings.address },
            'Temporal does not answer; events are accepted and delivered once it does',
          );
        await sleep(RECONNECT_MS, undefined, { signal: this.closing.signal });
      }
    }
  }
}

async function connectionOptions({ address, apiKey, tls }: TemporalSettings): Promise<NativeConnectionOptions> {
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
