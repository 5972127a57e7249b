import { hkdfSync } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { newUuid } from '../domain/ids';

const ISSUER = 'signpost';

/** What a token stands for: an OAuth client, which is looked up, or one customer's portal for a while. */
export type TokenSubject = ({ clientId: string } | { portalOf: string; sessionId: string }) & { expiresAt: Date };

/** Makes and checks access tokens (RFC 9068 in spirit: JWTs, here HS256, since nobody but Signpost reads them). */
export interface Tokens {
  /** @returns a token that is good for so many seconds */
  issue(subject: { clientId: string; scope: string } | { portalOf: string }, expiresInSeconds: number): Promise<string>;
  /** @returns `undefined` where it is none of ours, or has expired */
  verify(token: string): Promise<TokenSubject | undefined>;
}

/**
 * The key is derived from the master key (HKDF, RFC 5869): all processes agree on it, and tokens outlive a restart.
 *
 * @param masterKey - 32 bytes
 */
export function createTokens(masterKey: Buffer): Tokens {
  const key = Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), 'signpost access tokens', 32));
  return {
    issue(subject, expiresInSeconds) {
      const isClient = 'clientId' in subject;
      return new SignJWT(isClient ? { scope: subject.scope } : { customer: subject.portalOf })
        .setProtectedHeader({ typ: 'JWT', alg: 'HS256' })
        .setIssuer(ISSUER)
        .setSubject(isClient ? subject.clientId : 'portal')
        .setJti(newUuid())
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
        .sign(key);
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, { issuer: ISSUER, algorithms: ['HS256'] });
        if (payload.sub === undefined || payload.exp === undefined) return undefined;
        const expiresAt = new Date(payload.exp * 1000);
        if (payload.sub !== 'portal') return { clientId: payload.sub, expiresAt };
        return typeof payload.customer === 'string'
          ? { portalOf: payload.customer, sessionId: `portal_${payload.jti}`, expiresAt }
          : undefined;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
