import console from 'node:console';
import { createServer } from 'node:http';
import process from 'node:process';

/**
 * A real OAuth 2.0 server in a process of its own, because Jest cannot load its ES modules. Prints
 * its URL. Tokens live as many seconds as the first argument says.
 */
const [, , lifeSeconds] = process.argv;
// Only says that the server is not for production.
console.warn = () => undefined;
const { default: Provider } = await import('oidc-provider');
const client = (client_id, client_secret) => ({
  client_id,
  client_secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: 'notify',
});

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    clients: [client('signpost', 'canary secret: 100% & more'), client('receiver', 'receiver-secret')],
    scopes: ['notify', 'everything'],
    ttl: { ClientCredentials: Number(lifeSeconds) },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
  });
  server.on('request', provider.callback());
  process.stdout.write(`${url}\n`);
});
