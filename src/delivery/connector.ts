import type { LookupAddress } from 'node:dns';
import net from 'node:net';
import { buildConnector } from 'undici';
import type { AddressGuard } from './address-guard';
import { connectToFirst } from './connect-race';
import { connectThrough } from './egress-proxy';
import { AbandonedError } from './errors';

/** Timeout of a TCP connection, and of the TLS handshake after it. */
const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

export interface ConnectorOptions {
  guard: AddressGuard;
  /** The customer on whose behalf a connection to a host is opened. */
  customerOf(hostname: string): string | undefined;
  certificateAuthorities?: string;
  /** The proxy through which every connection goes. */
  egressProxy?: URL;
  /** Certificate and key that the client shows, as PEM. */
  clientCertificate?: string;
  clientKey?: string;
}

/** Opens connections for undici. */
export interface Connector {
  connect: buildConnector.connector;
  /** Whether the look-up of a host name is in progress. */
  isResolving(hostname: string): boolean;
  /** Gives up all connections that are being opened. */
  close(): void;
}

/**
 * Creates a connector that opens connections only to addresses that the guard has checked, directly
 * or through a proxy.
 */
export function createConnector(options: ConnectorOptions): Connector {
  const { guard, customerOf, certificateAuthorities, egressProxy, clientCertificate, clientKey } = options;
  const open = egressProxy ? connectThrough.bind(undefined, egressProxy) : connectToFirst;
  const secure = buildConnector({
    ca: certificateAuthorities,
    cert: clientCertificate,
    key: clientKey,
    timeout: CONNECT_TIMEOUT_MS,
  });
  const resolving = new Map<string, number>();
  const connecting = new Set<(reason: Error) => void>();

  function lookup(hostname: string, port: number, callback: Parameters<AddressGuard['lookup']>[2]): void {
    // The guard has checked a literal address with the URL.
    const family = net.isIP(hostname);
    if (family !== 0) return callback(null, [{ address: hostname, family }]);
    resolving.set(hostname, (resolving.get(hostname) ?? 0) + 1);
    guard.lookup(hostname, { all: true, customerId: customerOf(hostname), port }, (error, addresses) => {
      const left = resolving.get(hostname)! - 1;
      if (left === 0) resolving.delete(hostname);
      else resolving.set(hostname, left);
      callback(error, addresses);
    });
  }

  return {
    connect(target, callback) {
      const { hostname, protocol } = target;
      const port = Number(target.port || DEFAULT_PORTS[protocol]);
      lookup(hostname, port, (lookupError, addresses) => {
        if (lookupError) return callback(lookupError, null);
        const giveUp = open(addresses as LookupAddress[], port, CONNECT_TIMEOUT_MS, (error, socket) => {
          connecting.delete(giveUp);
          if (!socket) return callback(error!, null);
          if (protocol !== 'https:') return callback(null, prepared(socket));
          secure({ ...target, servername: serverName(target), httpSocket: socket }, callback);
        });
        connecting.add(giveUp);
      });
    },
    isResolving: (hostname) => resolving.has(hostname),
    close() {
      for (const giveUp of connecting) giveUp(new AbandonedError('the client is closed'));
    },
  };
}

/** RFC 6066 §3: the name in SNI has no trailing dot. An address is not sent at all. */
function serverName({ hostname, servername }: buildConnector.Options): string {
  const name = servername || hostname;
  return net.isIP(name) ? '' : name.replace(/\.$/, '');
}

/** The socket options that undici sets on its own plain connections. */
function prepared(socket: net.Socket): net.Socket {
  return socket.setKeepAlive(true, 60_000).setNoDelay(true);
}
