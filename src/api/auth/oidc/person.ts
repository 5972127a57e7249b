import type { OidcConfig } from '../../../config/sign-in-settings';
import { encodeId } from '../../../domain/ids';
import { sha256 } from '../../../domain/sha256';
import type { Principal } from '../../../domain/types';
import type { Claims } from './provider';
import { SignInFailure } from './failure';

const MAX_NAME_LENGTH = 200;

/**
 * Maps the claims of a person to a principal.
 *
 * @throws SignInFailure no-role if no entry of the setting matches
 */
export function principalOf(claims: Claims, { issuer, roleClaim, roles }: OidcConfig): Principal {
  const claim = claims[roleClaim];
  const values = Array.isArray(claim) ? claim : [claim];
  const rule = roles.find(({ value }) => values.includes(value));
  if (!rule) throw new SignInFailure('no-role');
  return {
    id: personId(issuer, claims.sub),
    name: nameOf(claims),
    role: rule.role,
    productId: rule.productId,
    customerId: null,
  };
}

/** The id of a person, the same in all sessions: 128 bits of a hash of issuer and subject. */
function personId(issuer: string, subject: string): string {
  const hex = sha256(`${issuer}\n${subject}`).toString('hex');
  return encodeId('usr', hex.slice(0, 32));
}

function nameOf({ sub, name, preferred_username: userName, email }: Claims): string {
  const [called, mail] = [textOf(name) ?? textOf(userName), textOf(email)];
  const full = called !== undefined && mail !== undefined && called !== mail ? `${called} (${mail})` : undefined;
  return (full ?? called ?? mail ?? sub).slice(0, MAX_NAME_LENGTH);
}

/** Without control characters, which a log or a terminal would obey. */
function textOf(claim: unknown): string | undefined {
  if (typeof claim !== 'string') return undefined;
  return claim.replace(/\p{C}/gu, '').trim() || undefined;
}

/**
 * When the person signed in at the provider. If the provider does not say, it may have been long
 * ago: the first call that needs a recent sign-in asks for another.
 */
export function authenticatedAt({ auth_time: seconds }: Claims): Date {
  return new Date(typeof seconds === 'number' ? Math.min(seconds * 1000, Date.now()) : 0);
}
