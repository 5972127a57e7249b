import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { RunningTemporal } from '../../src/embedded/temporal';
import { NativeConnection } from '@temporalio/worker';
import { createClient } from '../../src/temporal/connection';
import { createAuthority, type Authority, type Certified } from '../support/certificates';
import { startOAuthServer, type OAuthServer } from '../support/oauth-server';
import { useReceiver } from '../support/receiver';
import { ADMIN_KEY, onboard } from '../support/service';
import { until } from '../support/until';
import { useService } from '../support/use-service';

/**
 * A secret of each kind is sent to the receiver, which echoes it, and is then looked for everywhere
 * else: in every answer of every role, the database, the log, the metrics and the histories.
 */
let temporal: RunningTemporal;
const service = useService((started) => {
  temporal = started;
  return { SIGNPOST_ALLOW_URLS: 'http://127.0.0.1:*,https://127.0.0.1:*', SIGNPOST_LOG_LEVEL: 'debug' };
});
const receiver = useReceiver();

let oauth: OAuthServer;
let authority: Authority;
let client: Certified;
let mtls: Server;
/** The names in the client certificates that the mTLS receiver saw. */
const clients: unknown[] = [];
beforeAll(async () => {
  oauth = await startOAuthServer();
  authority = createAuthority('ours');
  client = authority.issue('signpost');
  const { certificate: cert, key } = authority.issue('receiver');
  const options = { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true };
  mtls = createServer(options, (request, response) => {
    clients.push((request.socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN);
    response.writeHead(clients.length === 1 ? 500 : 200).end(JSON.stringify(request.headers));
  });
  await new Promise<void>((resolve) => mtls.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await oauth?.stop();
  mtls?.closeAllConnections();
  await new Promise((resolve) => mtls?.close(resolve));
  authority?.remove();
});

const PASSWORD = 'canary "password" ü';
const KINDS: [string, () => Record<string, unknown>, () => string[]][] = [
  ['a header', () => ({ headers: { 'X-Team': 'canary-header-value' } }), () => ['canary-header-value']],
  [
    'basic authentication',
    () => ({ auth: { type: 'basic', username: 'ada', password: PASSWORD } }),
    () => [PASSWORD, JSON.stringify(PASSWORD).slice(1, -1), Buffer.from(`ada:${PASSWORD}`).toString('base64')],
  ],
  [
    'bearer authentication',
    () => ({ auth: { type: 'bearer', token: 'canary-bearer-token' } }),
    () => ['canary-bearer-token'],
  ],
  [
    'OAuth 2.0',
    () => ({ auth: oauth.auth }),
    () => [
      oauth.auth.clientSecret,
      encodeURIComponent(oauth.auth.clientSecret),
      ...receiver.requests.map(({ headers }) => headers.authorization!.replace('Bearer ', '')),
    ],
  ],
  [
    'a client key',
    () => ({
      url: `https://127.0.0.1:${(mtls.address() as AddressInfo).port}/`,
      tls: {
        clientCertificate: client.certificate,
        clientKey: client.key,
        caCertificate: authority.certificate,
      },
    }),
    () => client.key.split('\n').filter((line) => line.length > 40),
  ],
];

it.each(KINDS)('the secret of %s reaches the receiver and nothing else', async (kind, settings, secrets) => {
  receiver.answerWith(
    [500, 200].map(
      (status) =>
        ({ headers }) =>
          echo(status, headers),
    ),
  );
  const customer = await onboard(service, receiver.url(), { retrySchedule: [1], ...settings() });
  const [id] = await customer.post();
  const seen = await service.reaches(id!, 'delivered');
  expect(seen.attempts).toHaveLength(2);
  const canaries = secrets();
  expect(canaries.every((canary) => canary.length >= 10)).toBe(true);
  if (kind === 'a client key') expect(clients).toEqual(['signpost', 'signpost']);
  else for (const { headers } of receiver.requests) expect(canaries.some((one) => isIn(one, headers))).toBe(true);

  const places = { ...(await answers(customer, id!)), ...(await elsewhere(id!)) };
  const found = Object.entries(places).filter(([, text]) => canaries.some((canary) => text.includes(canary)));
  // Callers who may change a subscription may see its headers.
  const allowed = kind === 'a header' ? ['admin', 'product', 'customer'] : [];
  const subscription = `/v1/subscriptions/${customer.subscriptionId}`;
  const list = `/v1/subscriptions?customerId=${customer.customerId}`;
  expect(found.map(([place]) => place).sort()).toEqual(
    allowed.flatMap((role) => [`${role} ${subscription}`, `${role} ${list}`]).sort(),
  );
});

function echo(status: number, headers: Record<string, unknown>) {
  const authorization = headers.authorization as string | undefined;
  const given = authorization?.startsWith('Basic ') ? Buffer.from(authorization.slice(6), 'base64').toString() : '';
  return {
    status,
    headers: { 'x-echo': authorization ?? String(headers['x-team']) },
    body: JSON.stringify({ headers, given }),
  };
}

const isIn = (canary: string, headers: object) => JSON.stringify(headers).includes(canary);

/** What every role is answered about a subscription and its notification, by role and path. */
async function answers(
  { customerId, subscriptionId, eventType }: Awaited<ReturnType<typeof onboard>>,
  notificationId: string,
): Promise<Record<string, string>> {
  const { productId } = await service.must('GET', `/v1/customers/${customerId}`);
  const keyOf = async (body: object) =>
    (await service.must('POST', '/v1/api-keys', { name: 'k', ...body })).key as string;
  const keys = {
    admin: ADMIN_KEY,
    product: await keyOf({ role: 'product', productId }),
    viewer: await keyOf({ role: 'viewer' }),
    customer: await keyOf({ role: 'customer', customerId }),
  };
  await service.call('POST', `/v1/subscriptions/${subscriptionId}/challenge`, {});
  const notification = await service.must('GET', `/v1/notifications/${notificationId}`);
  const paths = [
    `/v1/subscriptions/${subscriptionId}`,
    `/v1/subscriptions?customerId=${customerId}`,
    `/v1/subscriptions/${subscriptionId}/challenges`,
    `/v1/subscriptions/${subscriptionId}/statistics`,
    `/v1/subscriptions/${subscriptionId}/series`,
    `/v1/webhooks?customerId=${customerId}`,
    `/v1/notifications/${notificationId}`,
    `/v1/notifications?subscriptionId=${subscriptionId}`,
    ...notification.attempts.map(({ id }: { id: string }) => `/v1/attempts/${id}`),
    `/v1/events/${notification.eventId}`,
    `/v1/events?type=${eventType}`,
    `/v1/overview`,
    `/v1/audit`,
    `/v1/audit?object=${subscriptionId}`,
    `/v1/url-allowlist`,
  ];
  const found: Record<string, string> = {};
  for (const [role, key] of Object.entries(keys))
    for (const path of paths) {
      const { status, body } = await service.call('GET', path, undefined, key);
      if (status !== 403) expect([path, status]).toEqual([path, 200]);
      found[`${role} ${path}`] = unescaped(body);
    }
  return found;
}

/** The texts in a body, without the escapes of JSON in JSON. */
function unescaped(body: unknown): string {
  const texts: string[] = [JSON.stringify(body)];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(body);
  return texts.join('\n');
}

/** Every row of the database, the log, the metrics and the history of the workflow. */
async function elsewhere(notificationId: string): Promise<Record<string, string>> {
  const { db } = service.database;
  const { rows: tables } = await db.query<{ name: string }>({
    text: "select quote_ident(relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  });
  const dump: string[] = [];
  for (const { name } of tables) {
    const { rows } = await db.query<{ text: string }>({ text: `select t::text as text from ${name} t` });
    dump.push(...rows.map(({ text }) => text));
  }
  // The attempts are among the rows.
  expect(dump.join('\n')).toContain('signpost-notification');
  const connection = await NativeConnection.connect({ address: temporal.address });
  try {
    const workflow = createClient(connection, 'default').workflow.getHandle(`notification/${notificationId}`);
    const history = await until(
      () => workflow.fetchHistory(),
      ({ events }) => (events?.length ?? 0) > 0,
    );
    return {
      database: dump.join('\n').replaceAll('""', '"').replaceAll('\\\\', '\\'),
      log: service.output(),
      metrics: await (await fetch(`${service.url}/metrics`)).text(),
      history: JSON.stringify(history).replace(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
        Buffer.from(data, 'base64').toString(),
      ),
    };
  } finally {
    await connection.close();
  }
}
