import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestApi, type TestApi } from '../../support/api';
import { until } from '../../support/until';

/** A lone tenant has half of the challenges that a process may have in flight. */
const SHARE = 100;

let api: TestApi;
let silent: Server;
let waiting = 0;
beforeAll(async () => {
  api = await startTestApi(undefined, undefined, { limits: { challenges: 1000 } });
  silent = createServer(() => (waiting += 1));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  silent.closeAllConnections();
  silent.close();
  await api.stop();
});

it('challenges to receivers that do not answer occupy only the share of their tenant', async () => {
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const [busy, quiet] = [await api.tenant('busy'), await api.tenant('quiet')];
  const subscribe = async (customerId: string, key: string, name: string): Promise<string> => {
    const body = { customerId, name, url: `${url}/${name}`, eventTypes: ['*.*.v1'] };
    return (await api.must('POST', '/v1/subscriptions', body, key)).id;
  };
  for (const { productId, key } of [busy, quiet])
    await api.must('POST', '/v1/customers', { id: productId, name: 'C' }, key);
  const ids: string[] = [];
  for (let index = 0; index <= SHARE; index++) ids.push(await subscribe(busy.productId, busy.key, `s${index}`));
  const challenge = (id: string, key: string) =>
    api.call('POST', `/v1/subscriptions/${id}/challenge`, { key, body: {} });

  const inFlight = ids.slice(0, SHARE).map((id) => challenge(id, busy.key));
  await until(
    async () => waiting,
    (count) => count === SHARE,
  );
  expect(await challenge(ids[SHARE]!, busy.key)).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
  const other = challenge(await subscribe(quiet.productId, quiet.key, 'q'), quiet.key);
  await until(
    async () => waiting,
    (count) => count === SHARE + 1,
  );
  silent.closeAllConnections();
  const answers = await Promise.all([...inFlight, other]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});
