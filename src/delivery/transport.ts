import { Agent, Pool } from 'undici';
import type { TlsIdentity } from '../domain/receiver-access';
import type { AddressGuard } from './address-guard';
import { createConnector, type Connector } from './connector';
import { ReusableClient } from './reusable-client';

/** Of larger headers only the status is known. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Connections that share TLS credentials. */
export interface Transport {
  connector: Connector;
  agent: Agent;
  /** A client whose connection no earlier request has used. */
  newClient(origin: string): ReusableClient;
  /** Closes all connections. */
  destroy(): Promise<void>;
}

export interface TransportOptions {
  guard: AddressGuard;
  /** The customer on whose behalf a connection to a host is opened. */
  customerOf(hostname: string): string | undefined;
  /** Certificate authorities to trust, as PEM. @default those of Node */
  certificateAuthorities?: string;
  /** The proxy through which every connection goes. */
  egressProxy?: URL;
}

/** @param tls - client certificate and authorities to use instead of the default ones */
export function createTransport(
  { guard, customerOf, certificateAuthorities, egressProxy }: TransportOptions,
  tls?: TlsIdentity,
): Transport {
  return transportBy(
    createConnector({
      guard,
      customerOf,
      certificateAuthorities: tls?.caCertificate ?? certificateAuthorities,
      clientCertificate: tls?.clientCertificate,
      clientKey: tls?.clientKey,
      egressProxy,
    }),
  );
}

/** A transport over the connections of a connector. */
export function transportBy(connector: Connector): Transport {
  const clientOptions = {
    connect: connector.connect,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Our own timeout covers all phases.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const agent = new Agent({
    ...clientOptions,
    factory: (origin, options) =>
      new Pool(origin, {
        ...options,
        // No limit per origin: the lanes bound the attempts in flight, and an attempt that waited
        // for a connection would wait at the expense of the receiver's time.
        connections: null,
        factory: (clientOrigin, each) => new ReusableClient(clientOrigin, { ...each, connect: connector.connect }),
      }),
  });
  return {
    connector,
    agent,
    newClient: (origin) => new ReusableClient(origin, clientOptions),
    async destroy() {
      connector.close();
      // Idle connections are closed immediately.
      await agent.destroy();
    },
  };
}
