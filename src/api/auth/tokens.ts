import { hkdfSync } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { newUuid } from '../../domain/ids';

const ISSUER = 'signpost';

/** What a token stands for: an OAuth client or a session of a customer's portal; both are looked up. */
export type TokenSubject = ({ clientId: string } | { portalSessionId: string }) & { expiresAt: Date };

/** Makes and checks access tokens (RFC 9068 in spirit: JWTs, here HS256, since nobody but Signpost reads them). */
export interface Tokens {
  /** @returns a token that is good for so many seconds */
  issue(
    subject: { clientId: string; scope: string } | { portalSessionId: string },
    expiresInSeconds: number,
  ): Promise<string>;
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
      return new SignJWT(isClient ? { scope: subject.scope } : {})
        .setProtectedHeader({ typ: 'JWT', alg: 'HS256' })
        .setIssuer(ISSUER)
        .setSubject(isClient ? subject.clientId : 'portal')
        .setJti(isClient ? newUuid() : subject.portalSessionId)
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
        return payload.jti === undefined ? undefined : { portalSessionId: payload.jti, expiresAt };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
