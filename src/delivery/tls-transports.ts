import type { TlsIdentity } from '../domain/receiver-access';
import { createTransport, type Transport, type TransportOptions } from './transport';

/** How long a transport without requests is kept. */
const IDLE_MS = 60_000;
const MAX_IDLE = 200;

interface Entry {
  transport: Transport;
  requests: number;
  expiry?: NodeJS.Timeout;
}

/**
 * Transports of subscriptions with TLS credentials of their own, one for each set of credentials: a
 * connection, and a TLS session, must never serve others. One without requests is closed after a
 * minute, or when there are more than 200.
 */
export class TlsTransports {
  /** The least recently used first. */
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly options: TransportOptions) {}

  get size(): number {
    return this.entries.size;
  }

  /** Runs a request, during which its transport stays open. */
  async use<T>(identity: TlsIdentity, request: (transport: Transport) => Promise<T>): Promise<T> {
    const { fingerprint } = identity;
    const entry = this.entries.get(fingerprint) ?? { transport: createTransport(this.options, identity), requests: 0 };
    clearTimeout(entry.expiry);
    entry.requests += 1;
    this.entries.delete(fingerprint);
    this.entries.set(fingerprint, entry);
    try {
      return await request(entry.transport);
    } finally {
      entry.requests -= 1;
      if (entry.requests === 0) {
        entry.expiry = setTimeout(() => this.drop(fingerprint, entry), IDLE_MS).unref();
        this.dropOldest();
      }
    }
  }

  async close(): Promise<void> {
    const transports = [...this.entries.values()];
    this.entries.clear();
    for (const { expiry } of transports) clearTimeout(expiry);
    await Promise.all(transports.map(({ transport }) => transport.destroy()));
  }

  private dropOldest(): void {
    if (this.entries.size <= MAX_IDLE) return;
    for (const [fingerprint, entry] of this.entries) {
      if (entry.requests > 0) continue;
      this.drop(fingerprint, entry);
      return;
    }
  }

  private drop(fingerprint: string, entry: Entry): void {
    clearTimeout(entry.expiry);
    if (this.entries.get(fingerprint) === entry) this.entries.delete(fingerprint);
    void entry.transport.destroy();
  }
}
