import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';

/**
 * Browsers accept the prefix over https only, and only from this host: no other page of the domain
 * can plant a session (RFC 6265bis §4.1.3.2).
 */
const nameOf = (secure: boolean) => (secure ? '__Host-signpost_session' : 'signpost_session');
const TOKEN = /^[\w-]{43}$/;
const TOKEN_BYTES = 32;

/** Generates a random token, for a session cookie or against CSRF. */
export function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * @param secure - whether clients reach the service over https
 * @returns the token in the session cookie, or undefined if it is absent or malformed
 */
export function sessionTokenOf(request: Request, secure: boolean): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=');
    if (name === nameOf(secure)) return TOKEN.test(value) ? value : undefined;
  }
  return undefined;
}

/**
 * Sets the session cookie. Scripts cannot read it (`HttpOnly`), and other sites cannot make a
 * browser send it (`SameSite=Strict`).
 *
 * @param maxAgeSeconds - 0 removes the cookie
 * @param secure - whether clients reach the service over https
 */
export function setSessionCookie(response: Response, token: string, maxAgeSeconds: number, secure: boolean): void {
  response.cookie(nameOf(secure), token, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
    maxAge: maxAgeSeconds * 1000,
    secure,
  });
}
