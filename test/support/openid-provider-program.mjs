import console from 'node:console';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';
import { URL, URLSearchParams } from 'node:url';

/**
 * A real OpenID provider in a process of its own, because Jest cannot load its ES modules. Its
 * sign-in page asks for a name only. The parent sends where Signpost is, and asks for other keys.
 */
const options = JSON.parse(process.argv[2]);
// They only say that the server is not for production.
console.warn = console.info = () => undefined;
const { default: Provider } = await import('oidc-provider');

const PEOPLE = {
  ada: { name: 'Ada Lovelace', email: 'ada@people.example', groups: ['everyone', 'signpost-admins'] },
  alan: { name: 'Alan Turing', email: 'alan@people.example', groups: ['signpost-admins'] },
  grace: { name: 'Grace Hopper', groups: ['payments'] },
  eve: { name: 'Eve', groups: ['everyone'] },
};

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

function createProvider(url, redirectUri) {
  const provider = new Provider(url, {
    clients: [
      {
        client_id: 'signpost',
        client_secret: 'canary-client-secret',
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [new URL('/sign-in', redirectUri).href],
      },
    ],
    jwks: { keys: [newKey()] },
    cookies: { keys: ['a key of a test'] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email'], groups: ['groups'] },
    conformIdTokenClaims: options.userInfo ?? false,
    pkce: { required: () => true },
    ttl: { AuthorizationCode: options.codeSeconds ?? 60 },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: options.signOut ?? true } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => PEOPLE[id] && { accountId: id, claims: async () => ({ sub: id, ...PEOPLE[id] }) },
    // Everybody agrees.
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
  });
  return provider;
}

async function interact(provider, request, response) {
  if (request.method === 'GET') {
    const page =
      '<!doctype html><html lang="en"><title>Provider</title><main><h1>People</h1><form method="post"><label>Name <input name="name"></label><button>Continue</button></form></main></html>';
    response.setHeader('content-type', 'text/html').end(page);
    return;
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  const accountId = new URLSearchParams(body).get('name');
  const result = accountId === 'refuse' ? { error: 'access_denied' } : { login: { accountId } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

let provider;
const server = createServer((request, response) => {
  if (request.url.startsWith('/interaction/')) void interact(provider, request, response);
  else provider.callback()(request, response);
});
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  let redirectUri = 'http://127.0.0.1:1/';
  const start = () => (provider = createProvider(url, redirectUri));
  start();
  process.on('message', (message) => {
    redirectUri = message.redirectUri ?? redirectUri;
    start();
    process.send({ done: true });
  });
  process.on('disconnect', () => process.exit());
  process.send({ url });
});
