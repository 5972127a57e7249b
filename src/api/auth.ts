import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { equalInConstantTime } from '../domain/signing';
import { Problem } from '../domain/problems';
import type { Principal, Scope } from '../domain/types';
import type { Tokens } from './tokens';

/** How long a key that was looked up is believed, in milliseconds; a revocation on another process takes at most that long. */
const CACHE_MS = 1000;
const MAX_CACHED = 10_000;
/** Three parts of base64url: an access token. API keys have no dots, and an admin key that looks like one is compared before. */
const TOKEN_SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Makes a new API key; only its hash is kept. */
export function generateApiKey(): { key: string; hash: Buffer } {
  const key = `spk_${randomBytes(24).toString('base64url')}`;
  return { key, hash: hashApiKey(key) };
}

/** Makes the secret of a new OAuth client; only its hash is kept. */
export function generateClientSecret(): { secret: string; hash: Buffer } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, hash: hashApiKey(secret) };
}

/** SHA-256 of a key, as stored. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Finds out who calls. */
export interface Authenticator {
  /** @throws Problem unauthenticated */
  authenticate(request: Request): Promise<Principal>;
  /** Forgets what was looked up, after a key was revoked. */
  forget(): void;
}

/** What credentials are checked against. */
export interface Credentials {
  /** The admin credential of the configuration. */
  adminKey: string;
  tokens: Tokens;
  /** Looks a live API key up. */
  findByKeyHash(hash: Buffer): Promise<Principal | undefined>;
  /** Looks a live OAuth client up. */
  findByClientId(clientId: string): Promise<Principal | undefined>;
}

/** Takes API keys and access tokens alike, in either header. */
export function createAuthenticator(
  { adminKey, tokens, findByKeyHash, findByClientId }: Credentials,
  now: () => number = Date.now,
): Authenticator {
  const cache = new Map<string, { principal: Principal; until: number }>();
  const bootstrap: Principal = {
    id: 'bootstrap',
    name: 'admin key of the configuration',
    role: 'admin',
    productId: null,
    customerId: null,
  };

  async function principalOf(credential: string): Promise<Principal | undefined> {
    if (equalInConstantTime(credential, adminKey)) return bootstrap;
    if (TOKEN_SHAPE.test(credential)) {
      const subject = await tokens.verify(credential);
      if (!subject) return undefined;
      if ('clientId' in subject) return cached(subject.clientId, () => findByClientId(subject.clientId));
      const { portalOf, sessionId } = subject;
      return { id: sessionId, name: 'portal session', role: 'customer', productId: null, customerId: portalOf };
    }
    const hash = hashApiKey(credential);
    return cached(hash.toString('base64'), () => findByKeyHash(hash));
  }

  async function cached(cacheKey: string, find: () => Promise<Principal | undefined>): Promise<Principal | undefined> {
    const known = cache.get(cacheKey);
    if (known && known.until > now()) return known.principal;
    cache.delete(cacheKey);
    const principal = await find();
    if (principal) {
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(cacheKey, { principal, until: now() + CACHE_MS });
    }
    return principal;
  }

  return {
    async authenticate(request) {
      const credential = credentialOf(request);
      if (credential === undefined) {
        throw unauthenticated('Send X-API-Key: <key>, or Authorization: Bearer <key>.');
      }
      const principal = await principalOf(credential);
      if (!principal) throw unauthenticated('The credential is unknown, revoked or expired.');
      return principal;
    },
    forget: () => cache.clear(),
  };
}

function credentialOf(request: Request): string | undefined {
  const key = request.get('x-api-key');
  if (key) return key;
  return /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
}

function unauthenticated(detail: string): Problem {
  return new Problem('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer realm="signpost"' } });
}

/** What a principal may see, for the store's queries. */
export function scopeOf(principal: Principal): Scope {
  if (principal.role === 'admin') return {};
  const scope: Scope = {};
  if (principal.productId !== null) scope.productId = principal.productId;
  if (principal.customerId !== null) scope.customerId = principal.customerId;
  return scope;
}
