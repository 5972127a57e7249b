import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { API_KEY, listCredentials } from '../../store/access/credentials';
import { generateApiKey, type Authenticator } from '../auth/auth';
import { create, credentialFields, credentialInput, revoke, rotate, rotationInput } from '../auth/credentials';
import { route, type Route } from '../http/route';
import { pageOf, pageQuery, pageRequest } from '../schemas/schemas';

const apiKey = z.object({ id: z.string(), ...credentialFields }).meta({ id: 'ApiKey' });

/** API keys. */
export function apiKeyRoutes(authenticator: Authenticator): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/api-keys',
      summary: 'Create an API key',
      description: 'Returns the key once. Only its hash is stored.',
      tag: 'API keys',
      roles: ['admin'],
      body: credentialInput,
      answers: { 201: { description: 'The new API key', schema: apiKey.extend({ key: z.string() }) } },
      problems: ['unknown-product', 'unknown-customer', 'quota-exceeded'],
      needsRecentSignIn: true,
      async handle(context) {
        const { key, hash } = generateApiKey();
        return { status: 201, body: { ...(await create(context, API_KEY, hash)), key } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/api-keys',
      summary: 'List API keys',
      tag: 'API keys',
      roles: ['admin'],
      query: z.strictObject(pageQuery),
      answers: { 200: { description: 'A page, newest first, including revoked keys', schema: pageOf(apiKey) } },
      async handle({ db, query }) {
        return { status: 200, body: await listCredentials(db, API_KEY, pageRequest(query, isUuid)) };
      },
    }),
    route({
      method: 'post',
      path: '/v1/api-keys/:id/rotate',
      summary: 'Replace the key of an API key',
      description: 'Returns the new key once. The id and the rights stay. The key before is valid for the overlap.',
      tag: 'API keys',
      roles: ['admin'],
      params: z.object({ id: z.string() }),
      body: rotationInput,
      answers: { 200: { description: 'The API key with its new key', schema: apiKey.extend({ key: z.string() }) } },
      problems: ['not-found'],
      needsRecentSignIn: true,
      async handle(context) {
        const { key, hash } = generateApiKey();
        return { status: 200, body: { ...(await rotate(context, API_KEY, hash, authenticator)), key } };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/api-keys/:id',
      summary: 'Revoke an API key',
      description: 'The key becomes invalid immediately in this process, and within a second in others.',
      tag: 'API keys',
      roles: ['admin'],
      params: z.object({ id: z.string() }),
      answers: { 204: { description: 'The API key is revoked', schema: null } },
      problems: ['not-found', 'own-credential'],
      handle: (context) => revoke(context, API_KEY, authenticator),
    }),
  ];
}
