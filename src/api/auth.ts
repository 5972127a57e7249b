import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { equalInConstantTime } from '../domain/signing';
import { Problem } from '../domain/problems';
import type { Principal, Scope } from '../domain/types';

/** How long a key that was looked up is believed, in milliseconds; a revocation on another process takes at most that long. */
const CACHE_MS = 1000;
const MAX_CACHED = 10_000;

/** Makes a new API key; only its hash is kept. */
export function generateApiKey(): { key: string; hash: Buffer } {
  const key = `spk_${randomBytes(24).toString('base64url')}`;
  return { key, hash: hashApiKey(key) };
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

/**
 * @param adminKey - the admin credential of the configuration
 * @param findByHash - looks a live API key up
 */
export function createAuthenticator(
  adminKey: string,
  findByHash: (hash: Buffer) => Promise<Principal | undefined>,
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
    const hash = hashApiKey(credential);
    const cacheKey = hash.toString('base64');
    const cached = cache.get(cacheKey);
    if (cached && cached.until > now()) return cached.principal;
    cache.delete(cacheKey);
    const principal = await findByHash(hash);
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
