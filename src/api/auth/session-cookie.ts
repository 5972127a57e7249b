import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';

/** A browser has one session of each kind at most: a portal beside a session of its operators. */
export type SessionKind = 'staff' | 'portal';

const NAMES: Record<SessionKind, string> = { staff: 'signpost_session', portal: 'signpost_portal' };
const TOKEN = /^[\w-]{43}$/;
const TOKEN_BYTES = 32;

/**
 * Browsers accept the prefix over https only, and only from this host: no other page of the domain
 * can plant a session (RFC 6265bis §4.1.3.2).
 */
export const cookieName = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** Generates a random token, for a session cookie or against CSRF. */
export function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** @returns the value of a cookie, or undefined if the request has none of this name */
export function cookieOf(request: Pick<Request, 'headers'>, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [found, ...value] = part.trim().split('=');
    if (found === name) return value.join('=');
  }
  return undefined;
}

/**
 * Whether a request is made by the pages of a portal. An `EventSource` cannot send the header, so
 * the activity stream takes a query parameter.
 */
export function isFromPortal(request: Request): boolean {
  return request.get('x-signpost-portal') === 'true' || request.query.portal === 'true';
}

/**
 * Finds the session that a request is made with. Pages of a portal use its cookie only. Others use
 * the one of the operators, and that of a portal if there is no other.
 *
 * @param secure - whether clients reach the service over https
 * @returns the token in the session cookie, or undefined if there is none that is well-formed
 */
export function sessionTokenOf(request: Request, secure: boolean): { kind: SessionKind; token: string } | undefined {
  const kinds: SessionKind[] = isFromPortal(request) ? ['portal'] : ['staff', 'portal'];
  for (const kind of kinds) {
    const token = cookieOf(request, cookieName(NAMES[kind], secure));
    // A malformed one was not set by Signpost, and hides no other.
    if (token !== undefined && TOKEN.test(token)) return { kind, token };
  }
  return undefined;
}

/** What the attributes of session cookies depend on. */
export interface CookieRules {
  /** Whether clients reach the service over https. */
  secure: boolean;
  /** Whether pages of other sites may show the portal in a frame. */
  portalIsFramed: boolean;
}

/**
 * Sets the session cookie. Scripts cannot read it (`HttpOnly`), and other sites cannot make a
 * browser send it (`SameSite=Strict`).
 *
 * The cookie of a portal that others may frame is also sent in their frames. It is then bound to
 * the site of the outer page (`Partitioned`). Browsers take such a cookie over https only.
 *
 * @param maxAgeSeconds - 0 removes the cookie
 */
export function setSessionCookie(
  response: Response,
  kind: SessionKind,
  token: string,
  maxAgeSeconds: number,
  { secure, portalIsFramed }: CookieRules,
): void {
  const crossesSites = kind === 'portal' && secure && portalIsFramed;
  response.cookie(cookieName(NAMES[kind], secure), token, {
    httpOnly: true,
    sameSite: crossesSites ? 'none' : 'strict',
    partitioned: crossesSites,
    path: '/',
    maxAge: maxAgeSeconds * 1000,
    secure,
  });
}
