import { createHash, randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';

const NAME = 'signpost_session';
const TOKEN = /^[\w-]{43}$/;
const TOKEN_BYTES = 32;

/** A random token, as a cookie holds it and as a form repeats it. */
export function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is kept of a token. */
export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The token that a browser sent along; `undefined` where there is none that could be one. */
export function sessionTokenOf(request: Request): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=');
    if (name === NAME) return TOKEN.test(value) ? value : undefined;
  }
  return undefined;
}

/**
 * Scripts cannot read it (`HttpOnly`), and pages elsewhere cannot have it sent (`SameSite=Strict`).
 *
 * @param maxAgeSeconds - 0 removes it
 * @param secure - whether clients reach us by https
 */
export function setSessionCookie(response: Response, token: string, maxAgeSeconds: number, secure: boolean): void {
  response.cookie(NAME, token, { httpOnly: true, sameSite: 'strict', path: '/', maxAge: maxAgeSeconds * 1000, secure });
}
