import { createHmac } from 'node:crypto';
import { derivedKey } from '../../../domain/derived-key';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { cookieName, cookieOf, randomToken } from '../session-cookie';
import type { Checks } from './provider';

const NAME = 'signpost_sign_in';
/** How long a person may take at the provider. */
export const SIGN_IN_SECONDS = 600;

const contents = z.strictObject({
  /** Random, so that no two requests have the same state. */
  token: z.string(),
  startedAt: z.number(),
  returnTo: z.string(),
  maxAgeSeconds: z.number().optional(),
  replaces: z.string().optional(),
});

/** A sign-in that is under way at the provider. */
export interface SignInRequest extends Checks {
  /** Path of the page that the person wanted. */
  returnTo: string;
  /** Id of the session that the sign-in replaces. */
  replaces?: string;
}

/**
 * Sign-ins under way. A cookie of ten minutes says where the person goes afterwards. State, nonce
 * and PKCE verifier are derived from the cookie with a key of the service, so neither the browser
 * nor the provider learns the verifier, nothing is stored, and a changed cookie has another state.
 *
 * The cookie is `SameSite=Lax`: the provider leads the browser back, which is a navigation from
 * another site.
 */
export class SignInRequests {
  private readonly key: Buffer;

  /** @param masterKey - 32 bytes, shared by all processes */
  constructor(
    masterKey: Buffer,
    private readonly usesHttps: () => boolean,
  ) {
    this.key = derivedKey(masterKey, 'sign-in requests');
  }

  /** Begins a sign-in and sets its cookie. */
  begin(response: Response, wanted: Pick<SignInRequest, 'returnTo' | 'replaces' | 'maxAgeSeconds'>): SignInRequest {
    const { returnTo, replaces, maxAgeSeconds } = wanted;
    const held = { token: randomToken(), startedAt: Date.now(), returnTo, replaces, maxAgeSeconds };
    const cookie = Buffer.from(JSON.stringify(held)).toString('base64url');
    this.set(response, cookie, SIGN_IN_SECONDS);
    return this.derive(cookie, wanted);
  }

  /**
   * Takes the sign-in of a browser, and removes its cookie.
   *
   * @returns undefined if there is none, or if it has expired
   */
  take(request: Request, response: Response): SignInRequest | undefined {
    const cookie = cookieOf(request, cookieName(NAME, this.usesHttps()));
    this.set(response, '', 0);
    const held = cookie === undefined ? undefined : parse(cookie);
    if (!held || Math.abs(Date.now() - held.startedAt) > SIGN_IN_SECONDS * 1000) return undefined;
    return this.derive(cookie!, held);
  }

  private derive(
    cookie: string,
    { returnTo, replaces, maxAgeSeconds }: Pick<SignInRequest, 'returnTo' | 'replaces' | 'maxAgeSeconds'>,
  ): SignInRequest {
    const part = (name: string) => createHmac('sha256', this.key).update(`${name} ${cookie}`).digest('base64url');
    const checks = { state: part('state'), nonce: part('nonce'), codeVerifier: part('code verifier') };
    return { ...checks, returnTo, replaces, maxAgeSeconds };
  }

  private set(response: Response, value: string, maxAgeSeconds: number): void {
    const secure = this.usesHttps();
    response.cookie(cookieName(NAME, secure), value, {
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      maxAge: maxAgeSeconds * 1000,
      secure,
    });
  }
}

function parse(cookie: string): z.output<typeof contents> | undefined {
  try {
    return contents.safeParse(JSON.parse(Buffer.from(cookie, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
