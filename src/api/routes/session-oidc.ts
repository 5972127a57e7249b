import { z } from 'zod';
import { FairBound } from '../../domain/fair-bound';
import { notFound, Problem } from '../../domain/problems';
import { RECENT_SIGN_IN_SECONDS, type Authenticator } from '../auth/auth';
import type { BrowserSessions } from '../auth/browser-sessions';
import { describeFailure, SignInFailure } from '../auth/oidc/failure';
import { ownPath } from '../auth/oidc/own-path';
import { authenticatedAt, principalOf } from '../auth/oidc/person';
import type { OidcProvider } from '../auth/oidc/provider';
import type { SignInRequests } from '../auth/oidc/sign-in-requests';
import { clientAddress } from '../limits/client-address';
import { route, type Context, type Reply, type Route } from '../http/route';

const PATH = '/v1/session/oidc';
const CALLBACK = `${PATH}/callback`;
const SIGN_IN_PAGE = '/sign-in';
/** Sign-ins that wait for the provider, divided by the address of the browser. */
const MAX_WAITING = 40;
const MAX_RETURN_LENGTH = 1000;

const REDIRECT = { 303: { description: 'The browser goes on to `Location`', schema: null } };

/** Sign-in by OpenID Connect. */
export interface Oidc {
  provider: OidcProvider;
  requests: SignInRequests;
}

interface OidcDeps {
  /** Absent: people sign in with credentials only. */
  oidc: Oidc | undefined;
  authenticator: Pick<Authenticator, 'forget'>;
  browserSessions: BrowserSessions;
  publicUrl(): string;
}

/** Sign-in of people by OpenID Connect: authorization code with PKCE, state and nonce. */
export function oidcRoutes({ oidc, authenticator, browserSessions, publicUrl }: OidcDeps): Route[] {
  const waiting = new FairBound(MAX_WAITING);
  const redirectUri = () => publicUrl() + CALLBACK;

  /** Runs a step that asks the provider. If it fails, the browser goes to the sign-in page. */
  async function withProvider(
    { request, response, log, refused }: Pick<Context, 'request' | 'response' | 'log' | 'refused'>,
    step: (oidc: Oidc) => Promise<string>,
  ): Promise<Reply> {
    if (!oidc) throw notFound('OpenID provider');
    const address = clientAddress(request);
    if (!waiting.hasRoom(address, 1))
      throw new Problem('too-many-requests', 'Too many sign-ins wait for the provider. Retry later.', {
        headers: { 'retry-after': '1' },
      });
    waiting.take(address, 1);
    response.set('cache-control', 'no-store');
    try {
      response.set('location', await step(oidc));
    } catch (error) {
      if (!(error instanceof SignInFailure)) throw error;
      refused('sign-in', 'session');
      log.warn(describeFailure(error), 'a sign-in by OpenID Connect failed');
      response.set('location', `${SIGN_IN_PAGE}?error=${error.reason}`);
    } finally {
      waiting.giveBack(address, 1);
    }
    return { status: 303 };
  }

  return [
    route({
      method: 'get',
      path: '/v1/session/methods',
      summary: 'List the ways to sign in from a browser',
      tag: 'Sessions',
      roles: 'public',
      answers: {
        200: {
          description: 'The ways. A credential of the API is always one',
          schema: z.object({
            oidc: z.object({ name: z.string() }).nullable().describe('The OpenID provider; null if there is none.'),
          }),
        },
      },
      async handle({ response }) {
        response.set('cache-control', 'no-store');
        return { status: 200, body: { oidc: oidc ? { name: oidc.provider.config.name } : null } };
      },
    }),
    route({
      method: 'get',
      path: PATH,
      summary: 'Sign in by OpenID Connect',
      description:
        'For browsers. Leads to the OpenID provider, which leads back here. The claims of the person decide on the role and the product. The new session replaces the one that the browser has.',
      tag: 'Sessions',
      roles: 'public',
      query: z.strictObject({
        returnTo: z
          .string()
          .max(MAX_RETURN_LENGTH)
          .transform(ownPath)
          .refine((path) => path !== undefined, 'must be a path of this service')
          .optional()
          .describe('Path of the page to show afterwards. Default: /.'),
        reauthenticate: z
          .literal('true')
          .optional()
          .describe('Has the person sign in at the provider again, for calls that need a recent sign-in.'),
      }),
      answers: REDIRECT,
      problems: ['not-found', 'too-many-requests', 'database-unavailable'],
      handle: async (context) =>
        withProvider(context, async ({ provider, requests }) => {
          const { returnTo = '/', reauthenticate } = context.query;
          const here = await browserSessions.current(context.db, context.request);
          const begun = requests.begin(context.response, {
            returnTo,
            replaces: here?.kind === 'staff' ? here.session.id : undefined,
            maxAgeSeconds: reauthenticate ? RECENT_SIGN_IN_SECONDS : undefined,
          });
          return (await provider.authorizationUrl(redirectUri(), begun, reauthenticate !== undefined)).href;
        }),
    }),
    route({
      method: 'get',
      path: CALLBACK,
      summary: 'Finish a sign-in by OpenID Connect',
      description: 'The redirect URI of Signpost at the OpenID provider.',
      tag: 'Sessions',
      roles: 'public',
      query: z.looseObject({
        code: z.string().optional(),
        state: z.string().optional(),
        error: z.string().optional().describe('Why the provider refused.'),
      }),
      answers: REDIRECT,
      problems: ['not-found', 'too-many-requests', 'database-unavailable'],
      handle: async ({ request, response, log, refused }) =>
        withProvider({ request, response, log, refused }, async ({ provider, requests }) => {
          const begun = requests.take(request, response);
          if (!begun) throw new SignInFailure('expired');
          const url = new URL(redirectUri());
          url.search = new URL(request.url, url).search;
          const claims = await provider.claims(url, begun);
          const principal = principalOf(claims, provider.config);
          await browserSessions.begin(request, response, {
            principal,
            person: { principal, identity: { issuer: provider.config.issuer, subject: claims.sub } },
            kind: 'staff',
            authenticatedAt: authenticatedAt(claims),
            replaces: begun.replaces,
          });
          authenticator.forget();
          return begun.returnTo;
        }),
    }),
    route({
      method: 'get',
      path: `${PATH}/sign-out`,
      summary: 'Sign out at the OpenID provider',
      description:
        'For browsers. Leads to the page of the provider that ends the session there (OpenID Connect RP-Initiated Logout), and back to the sign-in page. The session here is ended by `DELETE /v1/session`.',
      tag: 'Sessions',
      roles: 'public',
      answers: REDIRECT,
      problems: ['not-found', 'too-many-requests'],
      handle: async (context) =>
        withProvider(
          context,
          async ({ provider }) => (await provider.endSessionUrl(publicUrl() + SIGN_IN_PAGE))?.href ?? SIGN_IN_PAGE,
        ),
    }),
  ];
}
