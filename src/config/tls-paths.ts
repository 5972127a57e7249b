import type { Settings } from './settings';

/** Files and the server name for TLS to Temporal. */
export interface TlsPaths {
  clientCertPath?: string;
  clientKeyPath?: string;
  serverCaCertPath?: string;
  serverName?: string;
}

/** @returns undefined if no setting asks for TLS with own files */
export function tlsPaths(settings: Settings): TlsPaths | undefined {
  const tls: TlsPaths = {
    clientCertPath: settings.TEMPORAL_TLS_CLIENT_CERT_PATH,
    clientKeyPath: settings.TEMPORAL_TLS_CLIENT_KEY_PATH,
    serverCaCertPath: settings.TEMPORAL_TLS_SERVER_CA_CERT_PATH,
    serverName: settings.TEMPORAL_TLS_SERVER_NAME,
  };
  return Object.values(tls).some((value) => value !== undefined) ? tls : undefined;
}
