import { standardBody, type BodySource } from '../../src/domain/formats';

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
