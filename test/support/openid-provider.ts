import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { OidcConfig } from '../../src/config/sign-in-settings';
import { end, started } from './child';

const PROGRAM = path.join(__dirname, 'openid-provider-program.mjs');
const CLIENT_ID = 'signpost';
const CLIENT_SECRET = 'canary-client-secret';

/**
 * A real OpenID provider (oidc-provider). People sign in with their name alone: `ada` and `alan`
 * administer, `grace` belongs to the product `payments`, `eve` has no role, and `refuse` does not
 * agree.
 */
export interface OpenIdProvider {
  issuer: string;
  config: OidcConfig;
  /** The same as {@link config}, as the settings of a service. */
  env: Record<string, string>;
  /** Names the service that people are led back to. */
  leadsBackTo(serviceUrl: string): Promise<void>;
  /** Replaces the keys that sign ID tokens. */
  rotateKeys(): Promise<void>;
  /** Stops responding, with open connections, until {@link resume}. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/**
 * @param options - `userInfo`: claims of scopes are in the user info, not in the ID token;
 *   `signOut`: whether there is a page to sign out at
 */
export async function startOpenIdProvider(
  options: { userInfo?: boolean; codeSeconds?: number; signOut?: boolean } = {},
): Promise<OpenIdProvider> {
  const child = fork(PROGRAM, [JSON.stringify(options)], { execArgv: [] });
  const [{ url: issuer }] = await started(
    child,
    (signal) => once(child, 'message', { signal }) as Promise<[{ url: string }]>,
  );
  const send = async (message: object) => {
    child.send(message);
    await once(child, 'message');
  };
  return {
    issuer,
    config: {
      issuer,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      name: 'Example ID',
      scopes: 'openid profile email groups',
      roleClaim: 'groups',
      roles: [
        { value: 'signpost-admins', role: 'admin', productId: null },
        { value: 'payments', role: 'product', productId: 'payments' },
      ],
    },
    env: {
      SIGNPOST_OIDC_ISSUER: issuer,
      SIGNPOST_OIDC_CLIENT_ID: CLIENT_ID,
      SIGNPOST_OIDC_CLIENT_SECRET: CLIENT_SECRET,
      SIGNPOST_OIDC_NAME: 'Example ID',
      SIGNPOST_OIDC_SCOPES: 'openid profile email groups',
      SIGNPOST_OIDC_ROLES: 'signpost-admins=admin,payments=product:payments',
    },
    leadsBackTo: (serviceUrl) => send({ redirectUri: `${serviceUrl}/v1/session/oidc/callback` }),
    rotateKeys: () => send({}),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: () => end(child),
  };
}
