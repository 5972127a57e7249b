import type { Request } from 'express';
import { isUuid, newUuid } from '../../domain/ids';
import { z } from 'zod';
import { generateClientSecret, type Authenticator } from '../auth/auth';
import { percentDecoded } from '../../domain/percent-decoded';
import { equalInConstantTime } from '../../domain/signing';
import { insertRefreshToken, replaceRefreshToken, type RefreshToken } from '../../store/access/refresh-tokens';
import { findOAuthClient, listCredentials, OAUTH_CLIENT, type Credential } from '../../store/access/credentials';
import { create, credentialFields, credentialInput, revoke, rotate, rotationInput } from '../auth/credentials';
import type { AuditTally } from '../audit/audit-tally';
import { actorOf } from '../http/caller';
import { clientAddress } from '../limits/client-address';
import { route, type Context, type Reply, type Route } from '../http/route';
import { pageOf, pageQuery, pageRequest } from '../schemas/schemas';
import type { Database } from '../../store/db/database';
import type { Tokens } from '../auth/tokens';
import { sha256 } from '../../domain/sha256';

const TOKEN_LIFE_SECONDS = 3600;
/** The scope that asks for a refresh token, as in OpenID Connect. */
const OFFLINE_ACCESS = 'offline_access';

const client = z.object({ clientId: z.string(), ...credentialFields }).meta({ id: 'OAuthClient' });

/** RFC 6749 §3.2: unknown parameters are ignored. */
const tokenInput = z
  .looseObject({
    // Faults have the form of RFC 6749, so the handler finds them.
    grant_type: z
      .string()
      .optional()
      .meta({ enum: ['client_credentials', 'refresh_token'] }),
    client_id: z.string().optional().describe('Required unless the request has a Basic header.'),
    client_secret: z.string().optional(),
    scope: z.string().optional().describe('With `offline_access`, the answer has a refresh token.'),
    refresh_token: z
      .string()
      .optional()
      .describe(
        'Required with `refresh_token`. Each is valid once, and replaced by the next. One that is sent again also ends its successors.',
      ),
  })
  .meta({ required: ['grant_type'] });

const tokenAnswer = z
  .object({
    access_token: z.string(),
    token_type: z.literal('bearer'),
    expires_in: z.int().describe('Lifetime of the token in seconds.'),
    scope: z.string(),
    refresh_token: z.string().optional().describe('Valid once, for 30 days. Only if it was asked for.'),
  })
  .meta({ id: 'AccessToken' });

const tokenFault = z.object({
  error: z.enum(['invalid_request', 'invalid_client', 'invalid_grant', 'unsupported_grant_type']),
  error_description: z.string(),
});

/** Dependencies of the OAuth routes. */
interface OAuthDeps {
  /** Connections that no other work can take: a caller without a token is a tenant as well. */
  authDb: Database;
  authenticator: Authenticator;
  tokens: Tokens;
  tally: Pick<AuditTally, 'note'>;
}

/** OAuth clients, and access tokens by client credentials (RFC 6749 §4.4). */
export function oauthRoutes({ authDb, authenticator, tokens, tally }: OAuthDeps): Route[] {
  return [
    ...['/oauth/token', '/login/oauth/access_token'].map((path) => tokenRoute(path, authDb, tokens, tally)),
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

function tokenRoute(path: string, authDb: Database, tokens: Tokens, tally: Pick<AuditTally, 'note'>): Route {
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
      400: {
        description:
          'The grant type is missing or not supported, the refresh token is not valid, or the client authenticates in two ways that differ',
        schema: tokenFault,
      },
      401: { description: 'The client is unknown or revoked, or its secret is wrong', schema: tokenFault },
    },
    problems: ['too-many-requests', 'database-unavailable'],
    ownTransaction: true,
    async handle(context) {
      context.response.set('cache-control', 'no-store');
      const { grant_type: grantType } = context.body;
      if (grantType === undefined) return fault(400, 'invalid_request', 'grant_type is missing');
      if (grantType !== 'client_credentials' && grantType !== 'refresh_token')
        return fault(400, 'unsupported_grant_type', 'grant_type must be client_credentials or refresh_token');
      const { client_id: clientIdField, client_secret: secretField } = context.body;
      const basic = basicCredentials(context.request);
      const given = basic ?? { clientId: clientIdField ?? '', secret: secretField ?? '' };
      if ((clientIdField ?? given.clientId) !== given.clientId || (secretField ?? given.secret) !== given.secret)
        return fault(400, 'invalid_request', 'the Basic header and the form have different client credentials');
      const found = await findOAuthClient(authDb, given.clientId);
      const expected = found?.secretHashes ?? [Buffer.alloc(32)];
      const hash = sha256(given.secret).toString('hex');
      const matches = expected.some((secretHash) => equalInConstantTime(hash, secretHash.toString('hex')));
      if (!found || !matches) {
        context.refused('client-credentials', found?.principal.id ?? 'oauth-client');
        await context.admit('failedCredentials', clientAddress(context.request));
        return refuse(context);
      }
      const { id: clientId, role } = found.principal;
      const refreshToken = await refreshTokenFor(context, clientId, grantType);
      if (refreshToken === false) return fault(400, 'invalid_grant', 'the refresh token is unknown, used or expired');
      const scope = refreshToken === undefined ? role : `${role} ${OFFLINE_ACCESS}`;
      const leftSeconds = Math.ceil(((found.expiresAt?.getTime() ?? Infinity) - Date.now()) / 1000);
      const lifeSeconds = Math.max(1, Math.min(TOKEN_LIFE_SECONDS, leftSeconds));
      const { request, response } = context;
      const actor = actorOf(found.principal, request, response);
      tally.note({ actor, action: 'token.issue', object: clientId });
      const token = await tokens.issue({ clientId, scope }, lifeSeconds);
      const answer = { access_token: token, token_type: 'bearer', expires_in: lifeSeconds, scope };
      return { status: 200, body: { ...answer, refresh_token: refreshToken } };
    },
  });
}

/**
 * The refresh token of an answer (RFC 6749 §6), if one was asked for.
 *
 * @returns false if the one that was sent is not valid
 */
async function refreshTokenFor(
  { db, body, refused }: Context<unknown, unknown, z.output<typeof tokenInput>>,
  clientId: string,
  grantType: string,
): Promise<string | undefined | false> {
  if (grantType === 'refresh_token') {
    const given = body.refresh_token ?? '';
    const family = given.split('.')[0]!;
    if (!isUuid(family)) return false;
    const next = newRefreshToken(family);
    const result = await replaceRefreshToken(db, clientId, { family, hash: sha256(given) }, next.hash);
    if (result === 'reused') refused('refresh-token-reuse', clientId);
    return result === 'replaced' && next.token;
  }
  if (!body.scope?.split(' ').includes(OFFLINE_ACCESS)) return undefined;
  const { token, ...stored } = newRefreshToken(newUuid());
  await insertRefreshToken(db, clientId, stored);
  return token;
}

/** A token that begins with its family, so that a replaced one still names it. */
function newRefreshToken(family: string): RefreshToken & { token: string } {
  const token = `${family}.${generateClientSecret().secret}`;
  return { family, hash: sha256(token), token };
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
  return percentDecoded(text.replaceAll('+', ' ')) ?? text;
}
