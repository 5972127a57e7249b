import * as client from 'openid-client';
import type { OidcConfig } from '../../../config/sign-in-settings';
import { failureOf, SignInFailure } from './failure';

/** Timeout of each request to the provider. */
const TIMEOUT_SECONDS = 5;
/** How long the provider's metadata is believed. Its keys are read for each sign-in. */
const METADATA_LIFE_MS = 600_000;
/** How long a provider that did not respond is left alone. */
const RETRY_AFTER_MS = 2000;

/** Claims of an ID token that was verified, and of the provider's user info. */
export type Claims = Readonly<Record<string, unknown>> & { sub: string };

/** What ties the provider's answer to the request of one browser. */
export interface Checks {
  state: string;
  nonce: string;
  codeVerifier: string;
  /** Set if the person must have signed in at the provider within this time. */
  maxAgeSeconds?: number;
}

interface Cached {
  metadata: Promise<client.ServerMetadata>;
  until: number;
}

/**
 * The OpenID provider. Its metadata is read at the first sign-in and kept for ten minutes, so a
 * provider that is down stops neither the service nor any other way to sign in.
 */
export class OidcProvider {
  private cached: Cached | undefined;

  constructor(
    readonly config: OidcConfig,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * @returns the page of the provider that a person signs in at
   * @throws SignInFailure provider-unavailable
   */
  async authorizationUrl(
    redirectUri: string,
    { state, nonce, codeVerifier, maxAgeSeconds }: Checks,
    reauthenticate: boolean,
  ): Promise<URL> {
    const configuration = await this.configuration();
    return client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.config.scopes,
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
      ...(reauthenticate && { prompt: 'login' }),
    });
  }

  /**
   * Exchanges the code and verifies the ID token: signature, issuer, audience, times, nonce.
   *
   * @param url - the redirect URI with the query that the provider added
   * @throws SignInFailure
   */
  async claims(url: URL, { state, nonce, codeVerifier, maxAgeSeconds }: Checks): Promise<Claims> {
    const configuration = await this.configuration();
    try {
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        maxAge: maxAgeSeconds,
        idTokenExpected: true,
      });
      const claims = tokens.claims()!;
      if (claims[this.config.roleClaim] !== undefined || configuration.serverMetadata().userinfo_endpoint === undefined)
        return claims;
      // A provider that follows OpenID Connect Core §5.4 returns the claims of scopes here.
      const userInfo = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      return { ...userInfo, ...claims };
    } catch (error) {
      throw failureOf(error);
    }
  }

  /**
   * @param backTo - where the provider leads the browser afterwards
   * @returns the page that ends the person's session at the provider; undefined if it has none
   * @throws SignInFailure provider-unavailable
   */
  async endSessionUrl(backTo: string): Promise<URL | undefined> {
    const configuration = await this.configuration();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
    return client.buildEndSessionUrl(configuration, { post_logout_redirect_uri: backTo });
  }

  /** A configuration without cached keys, so that keys the provider has replaced are found. */
  private async configuration(): Promise<client.Configuration> {
    const { clientId } = this.config;
    const metadata = await this.metadata();
    const configuration = new client.Configuration(metadata, clientId, undefined, this.authentication(metadata));
    configuration.timeout = TIMEOUT_SECONDS;
    client.enableNonRepudiationChecks(configuration);
    if (this.isInsecure()) client.allowInsecureRequests(configuration);
    return configuration;
  }

  private metadata(): Promise<client.ServerMetadata> {
    if (!this.cached || this.cached.until <= this.now()) {
      const cached = { metadata: this.discover(), until: this.now() + METADATA_LIFE_MS };
      cached.metadata.catch(() => (cached.until = this.now() + RETRY_AFTER_MS));
      this.cached = cached;
    }
    return this.cached.metadata;
  }

  private async discover(): Promise<client.ServerMetadata> {
    const { issuer, clientId } = this.config;
    try {
      const found = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
        timeout: TIMEOUT_SECONDS,
        execute: this.isInsecure() ? [client.allowInsecureRequests] : [],
      });
      return found.serverMetadata();
    } catch (error) {
      throw new SignInFailure('provider-unavailable', error);
    }
  }

  /** Basic is what a provider supports that does not say (OpenID Connect Discovery §3). */
  private authentication(metadata: client.ServerMetadata): client.ClientAuth {
    const { clientSecret } = this.config;
    if (clientSecret === undefined) return client.None();
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return methods.includes('client_secret_basic')
      ? client.ClientSecretBasic(clientSecret)
      : client.ClientSecretPost(clientSecret);
  }

  /** The settings allow http for loopback hosts only. */
  private isInsecure(): boolean {
    return this.config.issuer.startsWith('http:');
  }
}
