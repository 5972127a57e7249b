import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { derivedKey } from '../../domain/derived-key';
import { newUuid } from '../../domain/ids';

const ISSUER = 'signpost';

/** The subject of a token: an OAuth client or a portal session. Both are looked up on each use. */
export type TokenSubject = ({ clientId: string } | { portalSessionId: string }) & { expiresAt: Date };

/**
 * Issues and verifies access tokens. They are JWTs in the spirit of RFC 9068, signed with HS256
 * since only Signpost reads them.
 */
export interface Tokens {
  /** @returns a token that is valid for `expiresInSeconds` */
  issue(
    subject: { clientId: string; scope: string } | { portalSessionId: string },
    expiresInSeconds: number,
  ): Promise<string>;
  /** @returns the subject, or undefined if Signpost did not issue the token or it has expired */
  verify(token: string): Promise<TokenSubject | undefined>;
}

/**
 * The signing key is derived from the master key (HKDF, RFC 5869), so that all processes share it
 * and tokens survive a restart.
 *
 * @param masterKey - 32 bytes
 * @param previousKey - 32 bytes; a token that was issued with it is valid, too
 */
export function createTokens(masterKey: Buffer, previousKey?: Buffer): Tokens {
  const key = signingKeyOf(masterKey);
  const keys = [key, ...(previousKey ? [signingKeyOf(previousKey)] : [])];
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
      for (const each of keys) {
        const payload = await payloadOf(token, each);
        if (payload) return subjectOf(payload);
      }
      return undefined;
    },
  };
}

function signingKeyOf(masterKey: Buffer): Buffer {
  return derivedKey(masterKey, 'access tokens');
}

/** @returns undefined if this key did not sign the token, or the token is invalid or has expired */
async function payloadOf(token: string, key: Buffer): Promise<JWTPayload | undefined> {
  try {
    return (await jwtVerify(token, key, { issuer: ISSUER, algorithms: ['HS256'] })).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function subjectOf({ sub, exp, jti }: JWTPayload): TokenSubject | undefined {
  if (sub === undefined || exp === undefined) return undefined;
  const expiresAt = new Date(exp * 1000);
  if (sub !== 'portal') return { clientId: sub, expiresAt };
  return jti === undefined ? undefined : { portalSessionId: jti, expiresAt };
}
