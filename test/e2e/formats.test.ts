import { createHmac, createPublicKey, verify } from 'node:crypto';
import { useReceiver } from '../support/receiver';
import { ADMIN_KEY, onboard } from '../support/service';
import { until } from '../support/until';
import { useService } from '../support/use-service';

/** What receivers of the earlier systems get, byte for byte, over HTTP from the built service. */
const service = useService();
const receiver = useReceiver();

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text);
const attemptOf = async (notificationId: string) => {
  const { attempts } = await until(
    async () => (await service.call('GET', `/v1/notifications/${notificationId}`)).body,
    (seen) => seen.attempts.length > 0,
  );
  return (await service.call('GET', `/v1/attempts/${attempts[0].id}`)).body;
};

/** Takes a token apart and checks it with nothing but an HMAC. */
function openToken(authorization: string | undefined, secret: string) {
  const [header, claims, signature] = authorization!.replace(/^Bearer /, '').split('.') as [string, string, string];
  expect(signature).toBe(hmac(secret, `${header}.${claims}`).digest('base64url'));
  const open = (part: string) => Buffer.from(part, 'base64url').toString('utf8');
  return { header: open(header), claims: open(claims) };
}

describe('format standard', () => {
  it('events of two products with the same id have different webhook-ids, by which each is found', async () => {
    const customers = [await onboard(service, receiver.url()), await onboard(service, receiver.url())];
    for (const customer of customers) await customer.post({ id: 'order-42', data: { amount: 125.5 } });
    await receiver.waitFor(2);
    expect(receiver.requests.map(({ body }) => JSON.parse(body).id)).toEqual(['order-42', 'order-42']);
    const ids = receiver.requests.map(({ headers }) => String(headers['webhook-id']));
    const found = await Promise.all(ids.map((id) => service.must('GET', `/v1/events/${id}`)));
    expect(found.map(({ id }) => id)).toEqual(['order-42', 'order-42']);
    expect(new Set(found.map(({ type }) => type))).toEqual(new Set(customers.map(({ eventType }) => eventType)));
  });
});

it('a generated id names its own event, whatever id another product chooses', async () => {
  const [customer, other] = [await onboard(service, receiver.url()), await onboard(service, receiver.url())];
  await customer.post({ data: { amount: 1 } });
  await receiver.waitFor(1);
  const id = String(receiver.requests[0]!.headers['webhook-id']);
  await other.post({ id, data: { amount: 2 } });
  expect((await service.must('GET', `/v1/events/${id}`)).data).toEqual({ amount: 1 });
});

describe('format envelope', () => {
  const data = {
    accountReference: 'PDN-922-Oct14-0001',
    claimRef: 'PDN-922-claim-Oct14-00010',
    amount: 501,
    currency: 'EUR',
    dueDate: '2021-10-07',
  };
  const user = { id: 'USER_ID', poolId: 'POOL_ID', originator: 'ClientAPI' };

  it('envelope has the payload, its signature and the signed text', async () => {
    const customer = await onboard(service, receiver.url(), { format: 'envelope', secret: 'mySecret' });
    const id = '09feeb6f-350a-430a-a040-cd1c558cbc91';
    const [notificationId] = await customer.post({ id, timestamp: '2021-10-14T15:33:16.848Z', data, user });
    await receiver.waitFor(1);
    const payload = `{"details":{"messageType":"${customer.eventType}","accountReference":"PDN-922-Oct14-0001","claimRef":"PDN-922-claim-Oct14-00010","amount":501,"currency":"EUR","dueDate":"2021-10-07"},"messageId":"${id}","timestamp":"2021-10-14T15:33:16.848Z","user":{"id":"USER_ID","poolId":"POOL_ID","originator":"ClientAPI"}}`;
    const [{ body, headers }] = receiver.requests as [(typeof receiver.requests)[0]];
    expect(body).toBe(
      `{"payload":${payload},"signature":"${hmac('mySecret', payload).digest('hex')}","payloadAsString":${JSON.stringify(payload)}}`,
    );
    expect(headers['webhook-id']).toBe((await service.must('GET', `/v1/events/${id}`)).webhookId);
    expect((await attemptOf(notificationId!)).request.body).toBe(body);
  });

  it('envelope has no user if the event has none', async () => {
    const customer = await onboard(service, receiver.url(), { format: 'envelope' });
    await customer.post({ data: {} });
    await receiver.waitFor(1);
    const { payload, payloadAsString } = JSON.parse(receiver.requests[0]!.body);
    expect(Object.keys(payload)).toEqual(['details', 'messageId', 'timestamp']);
    expect(payload.details).toEqual({ messageType: customer.eventType });
    expect(JSON.parse(payloadAsString)).toEqual(payload);
  });
});

describe('format trigger', () => {
  const settings = { format: 'trigger', timeoutSeconds: 600, customData: { purpose: 'demo', audience: 'partners' } };
  const fields = [
    'webhook_id',
    'webhook_name',
    'object_class',
    'account_id',
    'product_id',
    'api_url',
    'triggered_at',
    'last_success_at',
    'last_failure_at',
    'processing_timeout',
    'data',
  ];

  it('trigger names the webhook and the event, and carries the same in a token that expires', async () => {
    const customer = await onboard(service, receiver.url(), { ...settings, secret: 'a-shared-secret' });
    const [notificationId] = await customer.post({ data: { amount: 125.5 } });
    await receiver.waitFor(1);
    const [{ body, headers }] = receiver.requests as [(typeof receiver.requests)[0]];
    const sent = JSON.parse(body);
    expect(Object.keys(sent)).toEqual(fields);
    expect(sent).toMatchObject({
      webhook_id: customer.subscriptionId,
      webhook_name: 'main',
      object_class: customer.eventType,
      account_id: customer.customerId,
      product_id: customer.customerId.replace('customer', 'product'),
      api_url: `${service.url}/v1/subscriptions/${customer.subscriptionId}`,
      last_success_at: null,
      last_failure_at: null,
      processing_timeout: 600,
      data: { purpose: 'demo', audience: 'partners', event: { amount: 125.5 } },
    });
    const token = openToken(headers.authorization, 'a-shared-secret');
    expect(token.header).toBe('{"typ":"JWT","alg":"HS256"}');
    const exp = Math.floor(Date.parse(sent.triggered_at) / 1000) + 600;
    expect(token.claims).toBe(`${body.slice(0, -1)},"exp":${exp}}`);
    const { request } = await attemptOf(notificationId!);
    expect(request.body).toBe(body);
    expect(request.headers.authorization).toBe('***');
  });

  it('the attempt shows a viewer the event, and no value of the custom data', async () => {
    const customData = { purpose: 'demo', apiToken: 'canary-custom-data' };
    const customer = await onboard(service, receiver.url(), { ...settings, customData });
    const [notificationId] = await customer.post({ data: { amount: 125.5 } });
    const { id } = await attemptOf(notificationId!);
    const { key } = await service.must('POST', '/v1/api-keys', { name: 'viewer', role: 'viewer' });
    const { body } = await service.call('GET', `/v1/attempts/${id}`, undefined, key);
    expect(JSON.stringify(body)).not.toContain('canary-custom-data');
    expect(JSON.parse(body.request.body).data).toEqual({ purpose: '***', apiToken: '***', event: { amount: 125.5 } });
    expect(receiver.requests.at(-1)!.body).toContain('canary-custom-data');
  });

  it('trigger by GET has the token and no body', async () => {
    const customer = await onboard(service, receiver.url(), { ...settings, method: 'GET' });
    await customer.post();
    await receiver.waitFor(1);
    const [{ method, body, headers }] = receiver.requests as [(typeof receiver.requests)[0]];
    expect({ method, body }).toEqual({ method: 'GET', body: '' });
    const { claims } = openToken(headers.authorization, customer.secret);
    expect(JSON.parse(claims)).toMatchObject({ webhook_name: 'main', data: { purpose: 'demo' } });
  });

  it('trigger shows the last success and the last failure', async () => {
    const customer = await onboard(service, receiver.url(), { ...settings, timeoutSeconds: 15, retrySchedule: [] });
    receiver.answerWith([500, 200]);
    for (const status of ['failed', 'delivered']) {
      const [id] = await customer.post();
      await until(
        async () => (await service.call('GET', `/v1/notifications/${id}`)).body.status,
        (seen) => seen === status,
      );
    }
    await customer.post();
    await receiver.waitFor(3);
    const sent = JSON.parse(receiver.requests[2]!.body);
    expect(Date.parse(sent.last_success_at)).toBeGreaterThan(Date.parse(sent.last_failure_at));
  });

  it('trigger keeps its event types, format and token header', async () => {
    const customer = await onboard(service, receiver.url(), settings);
    const route = `/v1/subscriptions/${customer.subscriptionId}`;
    expect(await service.call('PATCH', route, { format: 'standard' })).toMatchObject({
      status: 409,
      body: { code: 'fixed-after-creation' },
    });
    expect(await service.call('PATCH', route, { eventTypes: ['*'] })).toMatchObject({
      status: 422,
      body: { code: 'validation-failed' },
    });
    const refused = await service.call('PATCH', route, { headers: { Authorization: 'Bearer mine' } });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: '/headers/Authorization' }] } });
    expect(await service.call('PATCH', route, { name: 'renamed', eventTypes: [customer.eventType] })).toMatchObject({
      status: 200,
    });
  });
});

describe('format flat', () => {
  it('flat has the data and the secret, which the API masks', async () => {
    const customer = await onboard(service, receiver.url(), { format: 'flat', secret: 'mySecret' });
    const data = {
      paymentid: '18142',
      ledgeraccountid: '111927',
      revision: '1',
      debtcreditorid: '1',
      partytypeid: '1',
    };
    const [id] = await customer.post({ data });
    await receiver.waitFor(1);
    expect(receiver.requests[0]!.body).toBe(
      '{"paymentid":"18142","ledgeraccountid":"111927","revision":"1","debtcreditorid":"1","partytypeid":"1","secret":"mySecret"}',
    );
    expect((await attemptOf(id!)).request.body).toBe(
      '{"paymentid":"18142","ledgeraccountid":"111927","revision":"1","debtcreditorid":"1","partytypeid":"1","secret":"***"}',
    );
  });

  it('flat has no secret where none was given, and a given one until it is replaced', async () => {
    const customer = await onboard(service, receiver.url(), { format: 'flat' });
    await customer.post({ data: { n: 1 } });
    await receiver.waitFor(1);
    expect(receiver.requests[0]!.body).toBe('{"n":1}');
    expect(receiver.requests[0]!.headers['webhook-signature']).toMatch(/^v1,/);
    const rotate = (body: object) =>
      service.must('POST', `/v1/subscriptions/${customer.subscriptionId}/secret/rotate`, body);
    await rotate({ secret: 'given', overlapSeconds: 0 });
    await customer.post({ data: { n: 2 } });
    await receiver.waitFor(2);
    expect(receiver.requests[1]!.body).toBe('{"n":2,"secret":"given"}');
    const { secret } = await rotate({ overlapSeconds: 0 });
    await customer.post({ data: { n: 3 } });
    await receiver.waitFor(3);
    expect(receiver.requests[2]!.body).toBe(`{"n":3,"secret":"${secret}"}`);
  });

  it('flat masks a secret that the receiver echoes', async () => {
    const customer = await onboard(service, receiver.url(), { format: 'flat', secret: 'my "Secret"' });
    receiver.answerWith(({ body }) => ({ status: 200, body: `${body} my "Secret"` }));
    const [id] = await customer.post({ data: {} });
    const { response } = await attemptOf(id!);
    expect(response.body).toBe('{"secret":"***"} ***');
  });

  it('flat ignores a secret in the data of an event', async () => {
    const customer = await onboard(service, receiver.url(), { format: 'flat', secret: 'mySecret' });
    await customer.post({ data: { secret: 'guessed', status: 'PAID' } });
    await receiver.waitFor(1);
    expect(receiver.requests[0]!.body).toBe('{"status":"PAID","secret":"mySecret"}');
  });
});

describe('Trigger Now', () => {
  const trigger = (subscriptionId: string, body: object = {}) =>
    service.call('POST', `/v1/subscriptions/${subscriptionId}/trigger`, body);

  it('Trigger Now delivers the sample to this subscription only', async () => {
    const customer = await onboard(service, receiver.url('/triggered'));
    const other = { customerId: customer.customerId, name: 'other', url: receiver.url('/other'), eventTypes: ['*'] };
    expect((await service.call('POST', '/v1/subscriptions', other)).status).toBe(201);
    const productId = customer.customerId.replace('customer', 'product');
    await service.call('PUT', `/v1/event-types/${customer.eventType}`, { productId, sample: { paymentId: 'P-1' } });
    const answer = await trigger(customer.subscriptionId);
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'pending', eventType: customer.eventType, subscriptionId: customer.subscriptionId },
    });
    await receiver.waitFor(1);
    expect(JSON.parse(receiver.requests[0]!.body).data).toEqual({ paymentId: 'P-1' });
    const statistics = await until(
      async () => (await service.call('GET', `/v1/subscriptions/${customer.subscriptionId}/statistics`)).body,
      ({ triggers }) => triggers === 1,
    );
    expect(statistics).toMatchObject({
      events: 1,
      successResponses: 1,
      failureResponses: 0,
      failuresSinceLastSuccess: 0,
      nextTriggerAt: null,
      lastSuccess: { attemptId: expect.stringMatching(/^att_/) },
      lastFailure: null,
    });
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/triggered']);
  });

  it('Trigger Now accepts data that satisfies the schema', async () => {
    const customer = await onboard(service, receiver.url());
    const productId = customer.customerId.replace('customer', 'product');
    const schema = { type: 'object', required: ['paymentId'], properties: { paymentId: { type: 'string' } } };
    await service.call('PUT', `/v1/event-types/${customer.eventType}`, { productId, schema });
    expect(await trigger(customer.subscriptionId, { data: { paymentId: 1 } })).toMatchObject({
      status: 422,
      body: { code: 'data-breaks-schema', errors: [{ path: '/data/paymentId' }] },
    });
    expect((await trigger(customer.subscriptionId, { data: { paymentId: 'P-2' } })).status).toBe(202);
    await receiver.waitFor(1);
    expect(JSON.parse(receiver.requests[0]!.body).data).toEqual({ paymentId: 'P-2' });
  });

  it('Trigger Now holds the notification of a disabled subscription, and refuses a type it does not get', async () => {
    const customer = await onboard(service, receiver.url(), { enabled: false });
    expect(await trigger(customer.subscriptionId)).toMatchObject({ status: 202, body: { status: 'held' } });
    expect(await trigger(customer.subscriptionId, { type: 'no.such.v1' })).toMatchObject({
      status: 422,
      body: { code: 'unknown-event-type', errors: [{ path: '/type' }] },
    });
    expect(await trigger('sub_00000000000000000000000000')).toMatchObject({ status: 404 });
  });

  it('Trigger Now with a repeated Idempotency-Key delivers once', async () => {
    const customer = await onboard(service, receiver.url());
    const headers = { 'idempotency-key': `once-${customer.customerId}` };
    const post = () =>
      fetch(`${service.url}/v1/subscriptions/${customer.subscriptionId}/trigger`, {
        method: 'POST',
        headers: { ...headers, 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
        body: '{}',
      }).then((response) => response.json() as Promise<{ id: string }>);
    const [first, second] = [await post(), await post()];
    expect(second.id).toBe(first.id);
    await receiver.waitFor(1);
    expect(receiver.requests).toHaveLength(1);
  });
});

describe('numbers that JavaScript would write differently', () => {
  const members = '"amount":125.50,"big":12345678901234567890,"small":1e-7,"deep":[{"minus":-0}]';

  it.each([
    ['standard', `"data":{${members}}}`],
    ['envelope', `${members}}`],
    ['flat', `{${members},"secret":"mySecret"}`],
    ['trigger', `"data":{"rate":1.50,"event":{${members}}}}`],
  ])('numbers reach the receiver as the producer wrote them, signed, in format %s', async (format, part) => {
    const customer = await onboard(service, receiver.url(), { format, secret: 'mySecret' });
    const write = (method: string, route: string, raw: string) =>
      fetch(service.url + route, {
        method,
        headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
        body: raw,
      });
    await write('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, '{"customData":{"rate":1.50}}');
    receiver.answerWith([500, 200]);
    await write(
      'POST',
      '/v1/events',
      `{"type":"${customer.eventType}","customerId":"${customer.customerId}","data":{ ${members} }}`,
    );
    await receiver.waitFor(1);
    const [{ id }] = (await service.call('GET', `/v1/subscriptions/${customer.subscriptionId}/notifications`)).body
      .items;
    await until(
      async () => (await service.call('GET', `/v1/notifications/${id}`)).body.status,
      (status) => status === 'retrying',
    );
    await service.call('POST', `/v1/notifications/${id}/retry`, {});
    await receiver.waitFor(2);
    for (const { body, headers } of receiver.requests) {
      expect(body).toContain(part);
      const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
      expect(headers['webhook-signature']).toBe(`v1,${hmac('mySecret', content).digest('base64')}`);
      if (format === 'envelope')
        expect(body).toContain(`"payloadAsString":${JSON.stringify(/"payload":(.*),"signature"/.exec(body)![1])}`);
      if (format === 'trigger') expect(openToken(headers.authorization, 'mySecret').claims).toContain(members);
    }
    expect((await attemptOf(id)).request.body).toContain(members);
  });
});

it('a subscription with a signing key signs with it too, and with the previous one during the overlap', async () => {
  const customer = await onboard(service, receiver.url());
  const path = `/v1/subscriptions/${customer.subscriptionId}/signing-key`;
  const isSigned = (publicKey: string, signature: string | undefined, content: string) =>
    verify(
      null,
      Buffer.from(content),
      createPublicKey({
        key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey.slice(5), 'base64').toString('base64url') },
        format: 'jwk',
      }),
      Buffer.from(signature!.replace(/^v1a,/, ''), 'base64'),
    );
  const sent = async () => {
    const count = receiver.requests.length + 1;
    await customer.post();
    await receiver.waitFor(count);
    const { body, headers } = receiver.requests.at(-1)!;
    const signatures = (headers['webhook-signature'] as string).split(' ');
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(signatures[0]).toBe(
      `v1,${createHmac('sha256', Buffer.from(customer.secret.slice(6), 'base64'))
        .update(content)
        .digest('base64')}`,
    );
    return { signatures, content };
  };

  expect((await sent()).signatures).toHaveLength(1);
  const first = (await service.call('POST', path, {})).body.publicKey;
  const withOne = await sent();
  expect(withOne.signatures.map((signature) => signature.split(',')[0])).toEqual(['v1', 'v1a']);
  expect(isSigned(first, withOne.signatures[1], withOne.content)).toBe(true);

  const second = (await service.call('POST', path, {})).body.publicKey;
  const withBoth = await sent();
  expect(withBoth.signatures).toHaveLength(3);
  expect(isSigned(second, withBoth.signatures[1], withBoth.content)).toBe(true);
  expect(isSigned(first, withBoth.signatures[2], withBoth.content)).toBe(true);

  await service.call('POST', path, { overlapSeconds: 0 });
  expect((await sent()).signatures).toHaveLength(2);
  await service.call('DELETE', path);
  expect((await sent()).signatures).toHaveLength(1);
});
