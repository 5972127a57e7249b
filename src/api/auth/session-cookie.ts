import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';

const NAME = 'signpost_session';
const TOKEN = /^[\w-]{43}$/;
const TOKEN_BYTES = 32;

/** Generates a random token, for a session cookie or against CSRF. */
export function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** @returns the token in the session cookie, or undefined if it is absent or malformed */
export function sessionTokenOf(request: Request): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=');
    if (name === NAME) return TOKEN.test(value) ? value : undefined;
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
  response.cookie(NAME, token, { httpOnly: true, sameSite: 'strict', path: '/', maxAge: maxAgeSeconds * 1000, secure });
}
