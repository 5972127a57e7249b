import type { Request } from 'express';
import { isUuid } from '../../domain/ids';
import { z } from 'zod';
import { generateClientSecret, type Authenticator } from '../auth/auth';
import { equalInConstantTime } from '../../domain/signing';
import { findOAuthClient, listCredentials, OAUTH_CLIENT, type Credential } from '../../store/access/credentials';
import { create, credentialFields, credentialInput, revoke, rotate, rotationInput } from '../auth/credentials';
import type { AuditTally } from '../audit/audit-tally';
import { actorOf } from '../http/caller';
import { clientAddress } from '../limits/client-address';
import { route, type Context, type Reply, type Route } from '../http/route';
import { pageOf, pageQuery, pageRequest } from '../schemas/schemas';
import type { Tokens } from '../auth/tokens';
import { sha256 } from '../../domain/sha256';

const TOKEN_LIFE_SECONDS = 3600;

const client = z.object({ clientId: z.string(), ...credentialFields }).meta({ id: 'OAuthClient' });

/** RFC 6749 §3.2: unknown parameters are ignored. */
const tokenInput = z.looseObject({
  grant_type: z.string().optional().describe('Must be `client_credentials`.'),
  client_id: z.string().optional().describe('Required unless the request has a Basic header.'),
  client_secret: z.string().optional(),
});

const tokenAnswer = z
  .object({
    access_token: z.string(),
    token_type: z.literal('bearer'),
    expires_in: z.int().describe('Lifetime of the token in seconds.'),
    scope: z.string(),
  })
  .meta({ id: 'AccessToken' });

const tokenFault = z.object({
  error: z.enum(['invalid_request', 'invalid_client', 'unsupported_grant_type']),
  error_description: z.string(),
});

/** Dependencies of the OAuth routes. */
interface OAuthDeps {
  authenticator: Authenticator;
  tokens: Tokens;
  tally: Pick<AuditTally, 'note'>;
}

/** OAuth clients, and access tokens by client credentials (RFC 6749 §4.4). */
export function oauthRoutes({ authenticator, tokens, tally }: OAuthDeps): Route[] {
  return [
    ...['/oauth/token', '/login/oauth/access_token'].map((path) => tokenRoute(path, tokens, tally)),
    route({
      method: 'post',
      path: '/v1/oauth-clients',
      summary: 'Create an OAuth client',
      description: 'Returns the client secret once. Only its hash is stored.',
      tag: 'OAuth',
      roles: ['admin'],
      body: credentialInput,
      answers: {
        201: {
          description: 'The new OAuth client with its secret',
          schema: client.extend({ clientSecret: z.string() }),
        },
      },
      problems: ['unknown-product', 'unknown-customer', 'quota-exceeded'],
      creates: true,
      needsRecentSignIn: true,
      async handle(context) {
        const { secret, hash } = generateClientSecret();
        return { status: 201, body: { ...toClient(await create(context, OAUTH_CLIENT, hash)), clientSecret: secret } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/oauth-clients',
      summary: 'List OAuth clients',
      tag: 'OAuth',
      roles: ['admin'],
      query: z.strictObject(pageQuery),
      answers: { 200: { description: 'A page, newest first, including revoked clients', schema: pageOf(client) } },
      async handle({ db, query }) {
        const { items, nextCursor } = await listCredentials(db, OAUTH_CLIENT, pageRequest(query, isUuid));
        return { status: 200, body: { items: items.map(toClient), nextCursor } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/oauth-clients/:id/rotate',
      summary: 'Replace the secret of an OAuth client',
      description:
        'Returns the new secret once. The id and the rights stay. The secret before is valid for the overlap.',
      tag: 'OAuth',
      roles: ['admin'],
      params: z.object({ id: z.string() }),
      body: rotationInput,
      answers: {
        200: {
          description: 'The OAuth client with its new secret',
          schema: client.extend({ clientSecret: z.string() }),
        },
      },
      problems: ['not-found'],
      needsRecentSignIn: true,
      async handle(context) {
        const { secret, hash } = generateClientSecret();
        const rotated = await rotate(context, OAUTH_CLIENT, hash, authenticator);
        return { status: 200, body: { ...toClient(rotated), clientSecret: secret } };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/oauth-clients/:id',
      summary: 'Revoke an OAuth client',
      description: 'Its tokens become invalid immediately in this process, and within a second in others.',
      tag: 'OAuth',
      roles: ['admin'],
      params: z.object({ id: z.string() }),
      answers: { 204: { description: 'The OAuth client is revoked', schema: null } },
      problems: ['not-found', 'own-credential'],
      handle: (context) => revoke(context, OAUTH_CLIENT, authenticator),
    }),
  ];
}

/** Uses OAuth's name for the id (RFC 6749 §2.2). */
function toClient({ id, ...facts }: Credential) {
  return { clientId: id, ...facts };
}

function tokenRoute(path: string, tokens: Tokens, tally: Pick<AuditTally, 'note'>): Route {
  return route({
    method: 'post',
    path,
    summary: 'Get an access token',
    description:
      'Send the client credentials in a Basic header or as form fields, and the token in `Authorization: Bearer`. Errors have the form of RFC 6749.',
    tag: 'OAuth',
    roles: 'public',
    body: tokenInput,
    takesForm: true,
    answers: {
      200: { description: 'The access token', schema: tokenAnswer },
      400: { description: 'The grant type is missing or not `client_credentials`', schema: tokenFault },
      401: { description: 'The client is unknown or revoked, or its secret is wrong', schema: tokenFault },
    },
    problems: ['too-many-requests'],
    ownTransaction: true,
    async handle(context) {
      context.response.set('cache-control', 'no-store');
      const { grant_type: grantType } = context.body;
      if (grantType === undefined) return fault(400, 'invalid_request', 'grant_type is missing');
      if (grantType !== 'client_credentials')
        return fault(400, 'unsupported_grant_type', 'grant_type must be client_credentials');
      const given = basicCredentials(context.request) ?? {
        clientId: context.body.client_id ?? '',
        secret: context.body.client_secret ?? '',
      };
      const found = await findOAuthClient(context.db, given.clientId);
      const expected = found?.secretHashes ?? [Buffer.alloc(32)];
      const hash = sha256(given.secret).toString('hex');
      const matches = expected.some((secretHash) => equalInConstantTime(hash, secretHash.toString('hex')));
      if (!found || !matches) {
        context.refused('client-credentials', found?.principal.id ?? 'oauth-client');
        await context.admit('failedCredentials', clientAddress(context.request));
        return refuse(context);
      }
      const { id: clientId, role: scope } = found.principal;
      const leftSeconds = Math.ceil(((found.expiresAt?.getTime() ?? Infinity) - Date.now()) / 1000);
      const lifeSeconds = Math.max(1, Math.min(TOKEN_LIFE_SECONDS, leftSeconds));
      const { request, response } = context;
      const actor = actorOf(found.principal, request, response);
      tally.note({ actor, action: 'token.issue', object: clientId });
      const token = await tokens.issue({ clientId, scope }, lifeSeconds);
      return { status: 200, body: { access_token: token, token_type: 'bearer', expires_in: lifeSeconds, scope } };
    },
  });
}

function refuse({ response }: Context): Reply {
  response.set('www-authenticate', 'Basic realm="signpost"');
  return fault(401, 'invalid_client', 'the client is unknown or revoked, or its secret is wrong');
}

function fault(status: 400 | 401, error: string, description: string): Reply {
  return { status, body: { error, error_description: description } };
}

/** Client id and secret from a Basic header, which form-encodes each (RFC 6749 §2.3.1). */
function basicCredentials(request: Request): { clientId: string; secret: string } | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [, clientId = '', secret = ''] =
    /^([^:]*):([\s\S]*)$/.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  return { clientId: formDecoded(clientId), secret: formDecoded(secret) };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
