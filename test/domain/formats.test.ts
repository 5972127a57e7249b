import { createHmac } from 'node:crypto';
import { buildBody, maskCustomData, standardBody, type BodySource, type FormatContext } from '../../src/domain/formats';

const event: BodySource = {
  id: 'evt_1',
  type: 'payment.confirmed.v1',
  timestamp: '2026-01-31T12:00:00.500Z',
  data: '{"paymentId":"P-1","amount":125.50,"big":12345678901234567890}',
  user: null,
  channels: [],
};

describe('format standard', () => {
  it('standard body has id, type, timestamp and the data as the producer wrote it', () => {
    expect(standardBody(event)).toBe(
      '{"id":"evt_1","type":"payment.confirmed.v1","timestamp":"2026-01-31T12:00:00.500Z","data":{"paymentId":"P-1","amount":125.50,"big":12345678901234567890}}',
    );
  });

  it('standard body has user and channels if the event has them', () => {
    expect(JSON.parse(standardBody({ ...event, user: '{"id":7}', channels: ['client_"1"', 'b'] }))).toMatchObject({
      user: { id: 7 },
      channels: ['client_"1"', 'b'],
    });
  });
});

const context: FormatContext = {
  event: { ...event, productId: 'payments' },
  subscription: {
    id: 'sub_1',
    name: 'The "main" one',
    customerId: 'c-1',
    productId: null,
    customData: '{"purpose":"demo"}',
    timeoutSeconds: 600,
    lastSuccessAt: null,
    lastFailureAt: new Date('2026-01-31T11:00:00Z'),
    sharesSecret: true,
  },
  apiUrl: 'https://signpost.example/v1/subscriptions/sub_1',
  secret: 'mySecret',
  now: new Date('2026-01-31T12:00:01.25Z'),
};
const DATA = '"paymentId":"P-1","amount":125.50,"big":12345678901234567890';

describe('format envelope', () => {
  const payload = (user = '') =>
    `{"details":{"messageType":"payment.confirmed.v1",${DATA}},"messageId":"evt_1","timestamp":"2026-01-31T12:00:00.500Z"${user}}`;
  const enveloped = (text: string) =>
    `{"payload":${text},"signature":"${createHmac('sha256', 'mySecret').update(text).digest('hex')}","payloadAsString":${JSON.stringify(text)}}`;

  it('envelope body has the payload, its signature and its exact text', () => {
    const { text, shown } = buildBody('envelope', context);
    expect(text).toBe(enveloped(payload()));
    expect(shown).toBe(text);
    expect(JSON.parse(text).payloadAsString).toBe(payload());
  });

  it('envelope body has the user if the event has one', () => {
    const { text } = buildBody('envelope', { ...context, event: { ...context.event, user: '{"id":"U","n":1.0}' } });
    expect(text).toBe(enveloped(payload(',"user":{"id":"U","n":1.0}')));
  });

  it('envelope body keeps the event type if the data has a field messageType', () => {
    const data = '{"messageType":"forged","amount":1.0}';
    const { text } = buildBody('envelope', { ...context, event: { ...context.event, data } });
    expect(text).toContain('{"details":{"messageType":"payment.confirmed.v1","amount":1.0}');
    expect(text).not.toContain('forged');
  });
});

describe('format trigger', () => {
  it('trigger body names the webhook, the time and the last results, and has the event within the custom data', () => {
    const { text, shown } = buildBody('trigger', context);
    expect(text).toBe(
      '{"webhook_id":"sub_1","webhook_name":"The \\"main\\" one","object_class":"payment.confirmed.v1","account_id":"c-1","product_id":"payments",' +
        '"api_url":"https://signpost.example/v1/subscriptions/sub_1","triggered_at":"2026-01-31T12:00:01.250Z","last_success_at":null,' +
        `"last_failure_at":"2026-01-31T11:00:00.000Z","processing_timeout":600,"data":{"purpose":"demo","event":{${DATA}}}}`,
    );
    expect(shown).toBe(text);
  });

  it('trigger body names the product that the subscription is bound to', () => {
    const subscription = { ...context.subscription, productId: 'bound' };
    expect(JSON.parse(buildBody('trigger', { ...context, subscription }).text)).toMatchObject({ product_id: 'bound' });
  });

  it('trigger body keeps the event if the custom data has a field event', () => {
    const subscription = { ...context.subscription, customData: '{"event":"mine","n":1}' };
    expect(buildBody('trigger', { ...context, subscription }).text).toContain(`"data":{"n":1,"event":{${DATA}}}}`);
  });
});

describe('format flat', () => {
  it('flat body has the data and the secret, which is masked in the stored body', () => {
    expect(buildBody('flat', context)).toEqual({
      text: `{${DATA},"secret":"mySecret"}`,
      shown: `{${DATA},"secret":"***"}`,
    });
  });

  it('flat body keeps the shared secret if the data has a field secret', () => {
    const withSecret = { ...context, event: { ...context.event, data: '{"secret":"another","n":1.0}' } };
    expect(buildBody('flat', withSecret).text).toBe('{"n":1.0,"secret":"mySecret"}');
  });

  it('flat body is the data alone if the receiver was given no secret', () => {
    const subscription = { ...context.subscription, sharesSecret: false };
    expect(buildBody('flat', { ...context, subscription })).toEqual({ text: `{${DATA}}`, shown: `{${DATA}}` });
  });
});

describe('masked custom data', () => {
  it('leaves the names, the event with its numbers, and everything else of the body', () => {
    const subscription = {
      ...context.subscription,
      customData: '{"apiToken":"canary","deep":{"a":["canary"]},"event":"canary"}',
    };
    const { text } = buildBody('trigger', { ...context, subscription });
    const masked = maskCustomData(text);
    expect(masked).not.toContain('canary');
    expect(masked).toContain(`"data":{"apiToken":"***","deep":"***","event":${event.data}}`);
    expect({ ...JSON.parse(masked), data: null }).toEqual({ ...JSON.parse(text), data: null });
  });

  it.each(['standard', 'envelope', 'flat'] as const)('leaves a body of format %s as it is', (format) => {
    const { text } = buildBody(format, context);
    expect(maskCustomData(text)).toBe(text);
  });

  it.each(['', 'no JSON', 'null', '[]', '{"webhook_id":"a","object_class":"b","api_url":"c","data":"text"}'])(
    'leaves the body %j as it is',
    (body) => expect(maskCustomData(body)).toBe(body),
  );
});
