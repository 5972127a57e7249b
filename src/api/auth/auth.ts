import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { equalInConstantTime } from '../../domain/signing';
import { Problem } from '../../domain/problems';
import type { Principal, Scope } from '../../domain/types';
import type { Session } from '../../store/access/sessions';
import { BriefCache } from './brief-cache';
import { hashOf, sessionTokenOf } from './session-cookie';
import type { Tokens } from './tokens';

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

/** Who holds a credential, and until when it is one; absent for those that do not expire. */
export interface Known {
  principal: Principal;
  expiresAt?: Date;
}

/** Finds out who calls. */
export interface Authenticator {
  /**
   * By a credential in a header, or else by the cookie of a session: then a call that changes something must repeat the session's token.
   *
   * @throws Problem unauthenticated, csrf-token
   */
  authenticate(request: Request): Promise<Principal>;
  /** Who holds a credential; `undefined` where nobody does. */
  identify(credential: string): Promise<Known | undefined>;
  /** @throws Problem csrf-token where a call that changes something does not repeat it */
  checkCsrf(request: Request, csrfToken: string): void;
  /** Forgets what was looked up, after a credential was revoked. */
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
  /** Looks a live session of a customer's portal up. */
  findByPortalSession(id: string): Promise<Principal | undefined>;
  /** Looks a session of the web UI up that has not expired. */
  findSession(tokenHash: Buffer): Promise<Session | undefined>;
}

/** Takes API keys and access tokens alike, in either header. */
export function createAuthenticator(
  { adminKey, tokens, findByKeyHash, findByClientId, findByPortalSession, findSession }: Credentials,
  now: () => number = Date.now,
): Authenticator {
  // So a revocation on another process takes up to a second.
  const holders = new BriefCache<Known>(now);
  const sessions = new BriefCache<Session>(now);
  const adminHash = hashApiKey(adminKey);
  const bootstrap: Principal = {
    id: 'bootstrap',
    name: 'admin key of the configuration',
    role: 'admin',
    productId: null,
    customerId: null,
  };

  function identify(credential: string): Promise<Known | undefined> {
    // Every call comes this way: the hash that keys are looked up by serves for the comparison, too.
    const hash = hashApiKey(credential);
    if (timingSafeEqual(hash, adminHash)) return Promise.resolve({ principal: bootstrap });
    if (TOKEN_SHAPE.test(credential)) return identifyByToken(credential);
    return holderOf(hash.toString('base64'), () => findByKeyHash(hash));
  }

  async function identifyByToken(token: string): Promise<Known | undefined> {
    const subject = await tokens.verify(token);
    if (!subject) return undefined;
    const holder = await ('clientId' in subject
      ? holderOf(subject.clientId, () => findByClientId(subject.clientId))
      : holderOf(subject.portalSessionId, () => findByPortalSession(subject.portalSessionId)));
    return holder && { ...holder, expiresAt: subject.expiresAt };
  }

  function holderOf(key: string, find: () => Promise<Principal | undefined>): Promise<Known | undefined> {
    return holders.get(key, async () => {
      const principal = await find();
      return principal && { principal };
    });
  }

  async function sessionOf(request: Request): Promise<Session | undefined> {
    const token = sessionTokenOf(request);
    if (token === undefined) return undefined;
    const hash = hashOf(token);
    return sessions.get(hash.toString('base64'), () => findSession(hash));
  }

  return {
    identify,
    checkCsrf,
    async authenticate(request) {
      const inHeader = credentialOf(request);
      const session = inHeader === undefined ? await sessionOf(request) : undefined;
      const credential = inHeader ?? session?.credential;
      if (credential === undefined) {
        throw unauthenticated('Send X-API-Key: <key>, or Authorization: Bearer <key>.');
      }
      const known = await identify(credential);
      if (!known) throw unauthenticated('The credential is unknown, revoked or expired.');
      if (session) checkCsrf(request, session.csrfToken);
      return known.principal;
    },
    forget() {
      holders.clear();
      sessions.clear();
    },
  };
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** A page elsewhere may have a browser send the cookie along, but cannot read what has to be repeated. */
function checkCsrf(request: Request, csrfToken: string): void {
  if (SAFE_METHODS.includes(request.method) || equalInConstantTime(request.get('x-csrf-token') ?? '', csrfToken))
    return;
  throw new Problem('csrf-token', 'With the cookie of a session, repeat its csrfToken in the header X-CSRF-Token.');
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
