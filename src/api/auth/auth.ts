import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { FairBound } from '../../domain/fair-bound';
import { equalInConstantTime } from '../../domain/signing';
import { Problem } from '../../domain/problems';
import type { Principal, Scope } from '../../domain/types';
import type { Session } from '../../store/access/sessions';
import { clientAddress } from '../limits/client-address';
import { productsOf } from './own-products';
import { RevalidatingCache } from './revalidating-cache';
import { sessionTokenOf } from './session-cookie';
import type { Tokens } from './tokens';
import { sha256 } from '../../domain/sha256';

/**
 * An access token: three parts of base64url. API keys contain no dots, and the admin key is
 * compared before this, so it may have any shape.
 */
const TOKEN_SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Look-ups in flight at which further ones are refused, divided by the address that sends the
 * credentials: a lone one may have half of them. It bounds how long the credentials of others wait
 * behind a flood of unknown ones. Credentials in the cache are not refused.
 */
const MAX_LOOKUPS = 200;

/** Generates an API key. Only its hash is stored. */
export function generateApiKey(): { key: string; hash: Buffer } {
  const key = `spk_${randomBytes(24).toString('base64url')}`;
  return { key, hash: sha256(key) };
}

/** Generates the secret of an OAuth client. Only its hash is stored. */
export function generateClientSecret(): { secret: string; hash: Buffer } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, hash: sha256(secret) };
}

/**
 * How long a sign-in is recent. Revealing a secret in a browser needs a recent one, so that an
 * unattended or stolen session does not suffice.
 */
export const RECENT_SIGN_IN_SECONDS = 600;

/** The holder of a valid credential. */
export interface Known {
  principal: Principal;
  /** Absent for a credential that does not expire. */
  expiresAt?: Date;
  /** Set for a portal link. */
  portal?: {
    /** Whether it opens one session, and is no credential by itself. */
    once: boolean;
    returnUrl: string | null;
  };
}

/** Finds the address of the client, which only a look-up needs. */
type From = () => string;

/** Identifies the caller of a request. */
export interface Authenticator {
  /**
   * Uses the credential in a header or, if there is none, the session cookie. With the cookie, a
   * call that changes something must send the CSRF token of the session.
   *
   * @param isUse - whether the session is in use because of this call
   * @throws Problem unauthenticated, csrf-token
   */
  authenticate(request: Request, isUse?: boolean): Promise<Principal>;
  /**
   * Checks that the person at a browser signed in recently. Calls with a credential in a header
   * prove it each time, and portal links are short-lived and have nothing to enter again.
   *
   * @throws Problem reauthentication-required
   */
  checkRecent(request: Request): Promise<void>;
  /**
   * @param address - of the client, as `clientAddress` returns it
   * @returns the holder of a credential, or undefined if it is not valid
   */
  identify(credential: string, address: string): Promise<Known | undefined>;
  /** @returns whose session it is, or undefined if its credential is no longer valid */
  identifySession(session: Session, address: string): Promise<Known | undefined>;
  /** @throws Problem csrf-token if a call that changes something does not send the token */
  checkCsrf(request: Request, csrfToken: string): void;
  /** Clears the caches, after a credential was revoked. */
  forget(): void;
}

/** The sources that credentials are checked against. */
export interface Credentials {
  /** The admin key, configured or generated. */
  adminKey: string;
  tokens: Tokens;
  /** Finds the holder of an API key that is not revoked. */
  findByKeyHash(hash: Buffer): Promise<Known | undefined>;
  /** Finds an OAuth client that is not revoked. */
  findByClientId(clientId: string): Promise<Known | undefined>;
  /** Finds the holder of a portal session that is still valid. */
  findByPortalSession(id: string): Promise<Known | undefined>;
  /** Finds a browser session that has not expired. */
  findSession(tokenHash: Buffer): Promise<Session | undefined>;
  /** Whether clients reach the service over https. */
  usesHttps(): boolean;
  /** Called about once a second for a credential that is in use. */
  onUse(principalId: string): void;
  /** Called for a session with each call that somebody at the browser causes. */
  onSessionUse(sessionId: string): void;
}

/** Creates the authenticator. It accepts API keys and access tokens alike, in either header. */
export function createAuthenticator(
  {
    adminKey,
    tokens,
    findByKeyHash,
    findByClientId,
    findByPortalSession,
    findSession,
    usesHttps,
    onUse,
    onSessionUse,
  }: Credentials,
  now: () => number = Date.now,
): Authenticator {
  // Because of these caches, a revocation in another process takes effect within a second, or
  // within ten while Postgres is slow or away.
  const holders = new RevalidatingCache<Known>(now);
  const sessions = new RevalidatingCache<Session>(now);
  const lookups = new FairBound(MAX_LOOKUPS);
  const adminHash = sha256(adminKey);
  const bootstrap: Principal = {
    id: 'bootstrap',
    name: 'admin key of the configuration',
    role: 'admin',
    productId: null,
    customerId: null,
  };

  function identify(credential: string, from: From): Promise<Known | undefined> {
    // Every call passes here: one hash serves the comparison and the look-up of API keys.
    const hash = sha256(credential);
    if (timingSafeEqual(hash, adminHash)) return Promise.resolve({ principal: bootstrap });
    if (TOKEN_SHAPE.test(credential)) return identifyByToken(credential, from);
    return holderOf(hash.toString('base64'), from, () => findByKeyHash(hash));
  }

  async function identifyByToken(token: string, from: From): Promise<Known | undefined> {
    const subject = await tokens.verify(token);
    if (!subject) return undefined;
    const holder = await ('clientId' in subject
      ? holderOf(subject.clientId, from, () => findByClientId(subject.clientId))
      : holderOf(subject.portalSessionId, from, () => findByPortalSession(subject.portalSessionId)));
    if (!holder) return undefined;
    const endsFirst = holder.expiresAt && holder.expiresAt < subject.expiresAt;
    return endsFirst ? holder : { ...holder, expiresAt: subject.expiresAt };
  }

  function holderOf(key: string, from: From, find: () => Promise<Known | undefined>): Promise<Known | undefined> {
    return holders.get(key, () =>
      lookUp(from, async () => {
        const holder = await find();
        if (holder) onUse(holder.principal.id);
        return holder;
      }),
    );
  }

  async function lookUp<T>(from: From, find: () => Promise<T>): Promise<T> {
    const address = from();
    if (!lookups.hasRoom(address, 1))
      throw new Problem('too-many-requests', 'Too many credentials are being looked up. Retry later.', {
        headers: { 'retry-after': '1' },
      });
    lookups.take(address, 1);
    try {
      return await find();
    } finally {
      lookups.giveBack(address, 1);
    }
  }

  async function sessionOf(request: Request): Promise<Session | undefined> {
    const cookie = sessionTokenOf(request, usesHttps());
    if (cookie === undefined) return undefined;
    const hash = sha256(cookie.token);
    return sessions.get(hash.toString('base64'), () =>
      lookUp(
        () => clientAddress(request),
        () => findSession(hash),
      ),
    );
  }

  function identifySession({ person, credential }: Session, from: From): Promise<Known | undefined> {
    return person ? Promise.resolve({ principal: person.principal }) : identify(credential!, from);
  }

  /** A link that opens once is not accepted in a header, where it would work repeatedly. */
  async function identifyHeader(credential: string, from: From): Promise<Known | undefined> {
    const known = await identify(credential, from);
    return known?.portal?.once ? undefined : known;
  }

  return {
    identify: (credential, address) => identify(credential, () => address),
    identifySession: (session, address) => identifySession(session, () => address),
    checkCsrf,
    async authenticate(request, isUse = true) {
      const fromHeader = credentialOf(request);
      const session = fromHeader === undefined ? await sessionOf(request) : undefined;
      if (fromHeader === undefined && !session)
        throw unauthenticated('Send the header X-API-Key: <key> or Authorization: Bearer <key>.');
      const from = () => clientAddress(request);
      const known = await (session ? identifySession(session, from) : identifyHeader(fromHeader!, from));
      if (!known || (known.expiresAt && known.expiresAt.getTime() <= now()))
        throw unauthenticated('The credential is unknown, revoked or expired.');
      if (session) {
        checkCsrf(request, session.csrfToken);
        if (isUse && request.get('x-signpost-unattended') !== 'true') onSessionUse(session.id);
      }
      return known.principal;
    },
    async checkRecent(request) {
      if (credentialOf(request) !== undefined) return;
      const session = await sessionOf(request);
      if (!session || now() - session.authenticatedAt.getTime() <= RECENT_SIGN_IN_SECONDS * 1000) return;
      const known = await identifySession(session, () => clientAddress(request));
      if (known?.portal) return;
      throw new Problem(
        'reauthentication-required',
        `This call needs a sign-in within the last ${RECENT_SIGN_IN_SECONDS / 60} minutes. Sign in again, then repeat the call.`,
      );
    },
    forget() {
      holders.clear();
      sessions.clear();
    },
  };
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Another site can make a browser send the cookie, but it cannot read the token that must be sent
 * with it.
 */
function checkCsrf(request: Request, csrfToken: string): void {
  if (SAFE_METHODS.includes(request.method) || equalInConstantTime(request.get('x-csrf-token') ?? '', csrfToken))
    return;
  throw new Problem(
    'csrf-token',
    'A request with a session cookie must send the csrfToken of the session in the header X-CSRF-Token.',
  );
}

function credentialOf(request: Request): string | undefined {
  const key = request.get('x-api-key');
  if (key) return key;
  return /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
}

function unauthenticated(detail: string): Problem {
  return new Problem('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer realm="signpost"' } });
}

/** The objects that a principal may see, as a filter for the store's queries. */
export function scopeOf(principal: Principal): Scope {
  if (principal.role === 'admin') return {};
  const scope: Scope = {};
  const productIds = productsOf(principal);
  if (productIds) scope.productIds = productIds;
  if (principal.customerId !== null) scope.customerId = principal.customerId;
  return scope;
}
