import { startConnectProxy, type ConnectProxy } from '../support/connect-proxy';
import { useCluster } from '../support/cluster';
import { startOAuthServer, type OAuthServer } from '../support/oauth-server';
import { onboard, type ServiceProcess } from '../support/service';

/** The service behind a proxy that demands credentials. */
const cluster = useCluster();
let proxy: ConnectProxy;
let oauth: OAuthServer;
let service: ServiceProcess;
beforeEach(async () => {
  proxy = await startConnectProxy('egress-user:egress-password');
  oauth = await startOAuthServer();
  service = await cluster.start({ env: { SIGNPOST_EGRESS_PROXY: proxy.url.toString(), SIGNPOST_LOG_LEVEL: 'debug' } });
});
afterEach(async () => {
  await oauth.stop();
  await proxy.close();
});

const targets = () => new Set(proxy.tunnels.map(({ target }) => target));
const hostOf = (url: string) => new URL(url).host;

it('sends deliveries, challenges and token requests through the egress proxy, and logs no credential of it', async () => {
  const { receiver } = cluster;
  const customer = await onboard(service, receiver.url(), { auth: oauth.auth });
  await cluster.reach(await customer.post(), 'delivered');
  receiver.answerChallenges(customer.secret);
  const challenged = await onboard(service, receiver.url('/challenged'));
  receiver.answerChallenges(challenged.secret);
  const challenge = await service.must('POST', `/v1/subscriptions/${challenged.subscriptionId}/challenge`);
  expect(challenge.verificationStatus ?? challenge.status).toBe('verified');

  expect(targets()).toEqual(new Set([`127.0.0.1:${receiver.port}`, hostOf(oauth.auth.tokenUrl)]));
  expect(receiver.requests[0]!.headers.authorization).toMatch(/^Bearer /);
  expect(receiver.requests[0]!.headers['proxy-authorization']).toBeUndefined();
  expect(service.output()).toContain(`"egressProxy":"http://***:***@127.0.0.1:${proxy.url.port}/"`);
  expect(service.output()).not.toMatch(/egress-user|egress-password/);
});

it('an egress proxy that is down fails attempts and challenges as connections, and no call of the API', async () => {
  const { receiver } = cluster;
  await proxy.close();
  const customer = await onboard(service, receiver.url(), { retrySchedule: [1] });
  const ids = await customer.post();
  const challenge = await service.call('POST', `/v1/subscriptions/${customer.subscriptionId}/challenge`);
  expect(challenge.status).toBeLessThan(500);
  expect(JSON.stringify(challenge.body)).toContain('the egress proxy is unreachable');
  await cluster.reach(ids, 'failed');
  const { rows } = await cluster.database.db.query({
    text: 'select distinct error_class, error_message, count(*) from attempts group by 1, 2',
  });
  expect(rows).toEqual([
    { error_class: 'connect', error_message: 'the egress proxy is unreachable (ECONNREFUSED)', count: 2 },
  ]);
  expect(receiver.requests).toEqual([]);
});
