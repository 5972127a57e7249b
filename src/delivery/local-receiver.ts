import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connector } from './connector';

/** A receiver in this process, which requests reach without the network. */
export interface LocalReceiver {
  /** Whether a URL is exactly one of the receiver's. No other request gets a connection to it. */
  serves(url: URL): boolean;
  /** Opens a connection in memory, over which the caller speaks HTTP/1.1. */
  connect(): Duplex;
}

/**
 * Creates a connector to a receiver in this process. No address is involved, so none is checked.
 */
export function localConnector(receiver: Pick<LocalReceiver, 'connect'>): Connector {
  return {
    connect(_target, callback) {
      const connection = receiver.connect();
      // As with a socket, the connection is there later.
      queueMicrotask(() => callback(null, asSocket(connection)));
    },
    isResolving: () => false,
    close: () => undefined,
  };
}

/** undici keeps the process alive by a socket with work in progress, which memory needs not. */
function asSocket(connection: Duplex): Socket {
  const self = () => connection as Socket;
  return Object.assign(connection, { ref: self, unref: self, setNoDelay: self, setKeepAlive: self }) as Socket;
}
