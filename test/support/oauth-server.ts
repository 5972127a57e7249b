import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { OAuth2Auth } from '../../src/domain/private-settings';
import { end, started } from './child';

const PROGRAM = path.join(__dirname, 'oauth-server-program.mjs');

/** A real OAuth 2.0 server (oidc-provider) with one client for Signpost. */
export interface OAuthServer {
  auth: OAuth2Auth;
  /** Whether a token is valid, as a receiver finds out (RFC 7662). */
  isValid(token: string): Promise<boolean>;
  /** Ends the life of a token (RFC 7009). */
  revoke(token: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startOAuthServer(tokenLifeSeconds = 600): Promise<OAuthServer> {
  const child = spawn(process.execPath, [PROGRAM, String(tokenLifeSeconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  const [url] = await started(child, (signal) => once(lines, 'line', { signal }) as Promise<[string]>);
  const call = (route: string, token: string) =>
    fetch(`${url}/token/${route}`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('receiver:receiver-secret').toString('base64')}` },
      body: new URLSearchParams({ token }),
    });
  return {
    auth: {
      type: 'oauth2',
      tokenUrl: `${url}/token`,
      clientId: 'signpost',
      clientSecret: 'canary secret: 100% & more',
      scope: 'notify',
    },
    async isValid(token) {
      const { active } = (await (await call('introspection', token)).json()) as { active: boolean };
      return active;
    },
    async revoke(token) {
      const { status } = await call('revocation', token);
      if (status !== 200) throw new Error(`revocation: HTTP ${status}`);
    },
    stop: () => end(child),
  };
}
