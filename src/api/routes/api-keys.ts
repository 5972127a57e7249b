import { z } from 'zod';
import { API_KEY, listCredentials } from '../../store/access/credentials';
import { generateApiKey, type Authenticator } from '../auth/auth';
import { create, credentialFields, credentialInput, revoke } from '../auth/credentials';
import { route, type Route } from '../http/route';
import { isUuidKey, pageOf, pageQuery, pageRequest } from '../schemas/schemas';

const apiKey = z.object({ id: z.string(), ...credentialFields }).meta({ id: 'ApiKey' });

/** Credentials. */
export function apiKeyRoutes(authenticator: Authenticator): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/api-keys',
      summary: 'Create an API key',
      description: 'Answers the key, this once; only its hash is kept.',
      tag: 'API keys',
      roles: ['admin'],
      body: credentialInput,
      answers: { 201: { description: 'Created', schema: apiKey.extend({ key: z.string() }) } },
      problems: ['unknown-product', 'unknown-customer'],
      creates: true,
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
      answers: { 200: { description: 'A page, newest first, revoked ones included', schema: pageOf(apiKey) } },
      async handle({ db, query }) {
        return { status: 200, body: await listCredentials(db, API_KEY, pageRequest(query, isUuidKey)) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/api-keys/:id',
      summary: 'Revoke an API key',
      description: 'Holds at once in this process, within a second in others.',
      tag: 'API keys',
      roles: ['admin'],
      params: z.object({ id: z.string() }),
      answers: { 204: { description: 'Revoked', schema: null } },
      problems: ['not-found', 'own-credential'],
      handle: (context) => revoke(context, API_KEY, authenticator),
    }),
  ];
}
