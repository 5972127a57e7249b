import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { signpostReceiver, type Delivery, type VerifiedRequest } from '../../../sdk/src/receiver';
import { useScenario } from '../../support/scenario';

/** The receiver helpers, with real deliveries of the built service. */
const scenario = useScenario();
const SECRET = 'shared secret of the receiver';
const FORMATS = ['standard', 'envelope', 'trigger', 'flat'] as const;
let server: Server;
let url: string;
let got: Delivery[];

beforeAll(async () => {
  const app = express();
  for (const format of FORMATS) {
    app.all(`/${format}`, signpostReceiver({ secret: SECRET, format }), (request, response) => {
      got.push((request as unknown as VerifiedRequest).signpost);
      response.sendStatus(204);
    });
  }
  app.all(
    '/wrong',
    signpostReceiver({ secret: 'another secret' }),
    (_request, response) => void response.sendStatus(204),
  );
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await scenario.must('POST', '/v1/products', { id: 'p', name: 'P', enabled: true });
  await scenario.must('PUT', '/v1/event-types/paid.v1', { productId: 'p' });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  got = [];
});

async function subscribe(customerId: string, settings: object) {
  await scenario.must('POST', '/v1/customers', { id: customerId, name: customerId, productId: 'p', retrySchedule: [] });
  const body = { customerId, name: 'main', eventTypes: ['paid.v1'], secret: SECRET, ...settings };
  return scenario.must('POST', '/v1/subscriptions', body);
}

it.each(FORMATS)('the middleware verifies deliveries of format %s and answers challenges', async (format) => {
  const subscription = await subscribe(`verified-${format}`, { url: `${url}/${format}`, format });
  expect(await scenario.must('POST', `/v1/subscriptions/${subscription.id}/challenge`)).toMatchObject({
    status: 'verified',
  });
  const data = { paymentId: 'P-1', payer: 'Zoë' };
  const event = { type: 'paid.v1', customerId: `verified-${format}`, data };
  const { id, notifications } = await scenario.must('POST', '/v1/events', event);
  await scenario.reaches(notifications[0].id, 'delivered');
  expect(got).toMatchObject([{ id, attempt: 1 }]);
  const payload = got[0]!.payload as Record<string, never>;
  const eventData = {
    standard: () => payload.data,
    envelope: () => payload.details,
    trigger: () => payload.data?.['event'],
    flat: () => payload,
  }[format]();
  expect(eventData).toMatchObject(data);
});

it('the middleware verifies a GET of format trigger by its token', async () => {
  await subscribe('by-get', { url: `${url}/trigger`, format: 'trigger', method: 'GET' });
  const { notifications } = await scenario.must('POST', '/v1/events', {
    type: 'paid.v1',
    customerId: 'by-get',
    data: {},
  });
  await scenario.reaches(notifications[0].id, 'delivered');
  expect(got[0]).toMatchObject({ payload: { object_class: 'paid.v1', account_id: 'by-get' } });
});

it('the middleware answers 401 to a delivery signed with another secret', async () => {
  await subscribe('unverified', { url: `${url}/wrong` });
  const { notifications } = await scenario.must('POST', '/v1/events', {
    type: 'paid.v1',
    customerId: 'unverified',
    data: {},
  });
  const failed = await scenario.reaches(notifications[0].id, 'failed');
  expect(failed.lastResponseStatus).toBe(401);
});
