import { generateKeyPairSync } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { Webhook } from 'standardwebhooks';
import { useReceiver } from '../support/receiver';
import { ADMIN_KEY, onboard } from '../support/service';
import { useService } from '../support/use-service';

/** Payloads that only the receiver reads, through the built service. */
const service = useService(() => ({ SIGNPOST_LOG_LEVEL: 'debug' }));
const receiver = useReceiver();

const CANARY = 'canary-payload-value';

it('only the receiver and the reader of the event see the payload of an encrypted delivery', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  receiver.answerWith([500, 200]);
  const customer = await onboard(service, receiver.url(), {
    encryption: { publicKey: publicKey.export({ format: 'jwk' }) },
    retrySchedule: [1],
  });
  const [id] = await customer.post({ data: { iban: CANARY } });
  const seen = await service.reaches(id!, 'delivered');

  const { body, headers } = receiver.requests.at(-1)!;
  expect(headers['content-type']).toBe('application/jose');
  const timestamp = new Date(Number(headers['webhook-timestamp']) * 1000);
  const signature = new Webhook(customer.secret).sign(String(headers['webhook-id']), timestamp, body);
  expect(headers['webhook-signature']).toBe(signature);
  const { plaintext } = await compactDecrypt(body, privateKey);
  expect(JSON.parse(new TextDecoder().decode(plaintext)).data).toEqual({ iban: CANARY });

  const customerKey = await service.must('POST', '/v1/api-keys', {
    name: 'k',
    role: 'customer',
    customerId: customer.customerId,
  });
  const subscription = `/v1/subscriptions/${customer.subscriptionId}`;
  const attempts = seen.attempts.map((attempt: { id: string }) => `/v1/attempts/${attempt.id}`);
  const paths = [subscription, `${subscription}/statistics`, `/v1/notifications/${id}`, '/v1/audit', ...attempts];
  for (const key of [ADMIN_KEY, customerKey.key])
    for (const path of paths) {
      const answer = JSON.stringify((await service.call('GET', path, undefined, key)).body);
      expect([path, answer.includes(CANARY)]).toEqual([path, false]);
    }
  expect((await service.must('GET', attempts.at(-1))).request.body).toBe(body);
  expect(service.output()).not.toContain(CANARY);
  const { rows } = await service.database.db.query<{ text: string }>({
    text: 'select a::text as text from attempts a',
  });
  expect(rows.map(({ text }) => text).join('\n')).not.toContain(CANARY);
  // The event itself is in the clear for those who may read it.
  expect((await service.must('GET', `/v1/events/${seen.eventId}`)).data).toEqual({ iban: CANARY });
});
