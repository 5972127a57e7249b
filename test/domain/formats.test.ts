import { createHmac } from 'node:crypto';
import { buildBody, standardBody, type BodySource, type FormatContext } from '../../src/domain/formats';

const event: BodySource = {
  type: 'payment.confirmed.v1',
  occurredAt: new Date('2026-01-31T12:00:00.5Z'),
  data: '{"paymentId":"P-1","amount":125.50,"big":12345678901234567890}',
  user: null,
  channels: [],
};

describe('the body of format standard', () => {
  it('is type, timestamp and data, the data as the producer wrote it', () => {
    expect(standardBody(event)).toBe(
      '{"type":"payment.confirmed.v1","timestamp":"2026-01-31T12:00:00.500Z","data":{"paymentId":"P-1","amount":125.50,"big":12345678901234567890}}',
    );
  });

  it('has user and channels where the event has them', () => {
    expect(JSON.parse(standardBody({ ...event, user: '{"id":7}', channels: ['client_"1"', 'b'] }))).toMatchObject({
      user: { id: 7 },
      channels: ['client_"1"', 'b'],
    });
  });
});

const context: FormatContext = {
  event: { ...event, id: 'evt_1', productId: 'payments' },
  subscription: {
    id: 'sub_1',
    name: 'The "main" one',
    customerId: 'c-1',
    productId: null,
    customData: '{"purpose":"demo"}',
    timeoutSeconds: 600,
    lastSuccessAt: null,
    lastFailureAt: new Date('2026-01-31T11:00:00Z'),
  },
  apiUrl: 'https://signpost.example/v1/subscriptions/sub_1',
  secret: 'mySecret',
  now: new Date('2026-01-31T12:00:01.25Z'),
};
const DATA = '"paymentId":"P-1","amount":125.50,"big":12345678901234567890';

describe('the body of format envelope', () => {
  const payload = (user = '') =>
    `{"details":{"messageType":"payment.confirmed.v1",${DATA}},"messageId":"evt_1","timestamp":"2026-01-31T12:00:00.500Z"${user}}`;
  const enveloped = (text: string) =>
    `{"payload":${text},"signature":"${createHmac('sha256', 'mySecret').update(text).digest('hex')}","payloadAsString":${JSON.stringify(text)}}`;

  it('is the payload, its signature and its exact text', () => {
    const { text, shown } = buildBody('envelope', context);
    expect(text).toBe(enveloped(payload()));
    expect(shown).toBe(text);
    expect(JSON.parse(text).payloadAsString).toBe(payload());
  });

  it('has the user where the event has one', () => {
    const { text } = buildBody('envelope', { ...context, event: { ...context.event, user: '{"id":"U","n":1.0}' } });
    expect(text).toBe(enveloped(payload(',"user":{"id":"U","n":1.0}')));
  });

  it('says the type of the event even where its data has a field of that name', () => {
    const data = '{"messageType":"forged","amount":1.0}';
    const { text } = buildBody('envelope', { ...context, event: { ...context.event, data } });
    expect(text).toContain('{"details":{"messageType":"payment.confirmed.v1","amount":1.0}');
    expect(text).not.toContain('forged');
  });
});

describe('the body of format trigger', () => {
  it('says which webhook was triggered, when and how it went before, and has the event among the custom data', () => {
    const { text, shown } = buildBody('trigger', context);
    expect(text).toBe(
      '{"webhook_id":"sub_1","webhook_name":"The \\"main\\" one","object_class":"payment.confirmed.v1","account_id":"c-1","product_id":"payments",' +
        '"api_url":"https://signpost.example/v1/subscriptions/sub_1","triggered_at":"2026-01-31T12:00:01.250Z","last_success_at":null,' +
        `"last_failure_at":"2026-01-31T11:00:00.000Z","processing_timeout":600,"data":{"purpose":"demo","event":{${DATA}}}}`,
    );
    expect(shown).toBe(text);
  });

  it("names the subscription's product where it is bound to one", () => {
    const subscription = { ...context.subscription, productId: 'bound' };
    expect(JSON.parse(buildBody('trigger', { ...context, subscription }).text)).toMatchObject({ product_id: 'bound' });
  });

  it('has the event where the custom data has a field of that name', () => {
    const subscription = { ...context.subscription, customData: '{"event":"mine","n":1}' };
    expect(buildBody('trigger', { ...context, subscription }).text).toContain(`"data":{"n":1,"event":{${DATA}}}}`);
  });
});

describe('the body of format flat', () => {
  it('is the data with the secret beside it, which is masked where the body is kept', () => {
    expect(buildBody('flat', context)).toEqual({
      text: `{${DATA},"secret":"mySecret"}`,
      shown: `{${DATA},"secret":"***"}`,
    });
  });

  it('has the shared secret where the data has a field of that name', () => {
    const withSecret = { ...context, event: { ...context.event, data: '{"secret":"another","n":1.0}' } };
    expect(buildBody('flat', withSecret).text).toBe('{"n":1.0,"secret":"mySecret"}');
  });
});
