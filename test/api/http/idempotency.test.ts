import { startTestApi, type TestApi } from '../../support/api';
import { storeIdempotentAnswer } from '../../../src/store/access/idempotency';
import { TEST_SEALER } from '../../support/seed';
import { makeTenant, settings, unique } from '../../support/tenant';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const tenant = () => makeTenant(api);

describe('Idempotency-Key', () => {
  const create = (key: string, body: object) =>
    api.call('POST', '/v1/customers', { body, headers: { 'idempotency-key': key } });

  it('an Idempotency-Key returns the first response for the same body, and a conflict for another one', async () => {
    const key = unique('key');
    const first = await create(key, { name: 'C' });
    expect(first.status).toBe(201);
    const second = await create(key, { name: 'C' });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(await create(key, { name: 'D' })).toMatchObject({ status: 409, body: { code: 'idempotency-key-conflict' } });
  });

  it('an Idempotency-Key makes one call out of many concurrent ones', async () => {
    const key = unique('key');
    const answers = await Promise.all(Array.from({ length: 6 }, () => create(key, { name: 'C' })));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 201]);
  });

  it('an Idempotency-Key is free again after a failed call', async () => {
    const key = unique('key');
    expect(await create(key, { name: '' })).toMatchObject({ status: 422 });
    expect(await create(key, { name: 'C' })).toMatchObject({ status: 201 });
  });

  it('an Idempotency-Key belongs to its caller and is valid for 24 hours', async () => {
    const key = unique('key');
    const first = await create(key, { name: 'C' });
    const { key: other } = await api.must('POST', '/v1/api-keys', { name: 'k', role: 'admin' });
    const ofOther = await api.call('POST', '/v1/customers', {
      key: other,
      body: { name: 'C' },
      headers: { 'idempotency-key': key },
    });
    expect(ofOther.body.id).not.toBe(first.body.id);
    await api.database.db.query({
      text: "update idempotency_keys set created_at = created_at - interval '25 hours' where key = $1",
      values: [key],
    });
    expect((await create(key, { name: 'C' })).body.id).not.toBe(first.body.id);
  });

  it('an Idempotency-Key returns the first response until 24 hours have passed', async () => {
    const key = unique('key');
    const first = await create(key, { name: 'C' });
    await api.database.db.query({
      text: "update idempotency_keys set created_at = created_at - interval '23 hours 59 minutes' where key = $1",
      values: [key],
    });
    expect((await create(key, { name: 'C' })).body).toEqual(first.body);
  });

  it('an Idempotency-Key stores a response with a secret sealed', async () => {
    const { customerId } = await tenant();
    const key = unique('key');
    const body = settings({ customerId, secret: 'a-secret-in-an-answer' });
    const first = await api.call('POST', '/v1/subscriptions', { body, headers: { 'idempotency-key': key } });
    const again = await api.call('POST', '/v1/subscriptions', { body, headers: { 'idempotency-key': key } });
    expect(again.body).toEqual(first.body);
    expect(again.body.secret).toBe('a-secret-in-an-answer');
    const { rows } = await api.database.db.query<{ answer: Buffer }>({
      text: 'select answer from idempotency_keys where key = $1',
      values: [key],
    });
    expect(rows[0]!.answer.toString('latin1')).not.toContain('a-secret-in-an-answer');
  });

  it('an Idempotency-Key stores a response without a secret as it is, which costs no nonce of the master key', async () => {
    const { customerId, eventType, key: credential } = await tenant();
    const event = { type: eventType, customerId, data: {} };
    const posted = { key: credential, body: event, headers: { 'idempotency-key': unique('key') } };
    TEST_SEALER.takeSeals();
    const first = await api.call('POST', '/v1/events', posted);
    expect(first.status).toBe(202);
    expect(await api.call('POST', '/v1/events', posted)).toMatchObject({ status: 202, body: first.body });
    const created = await create(unique('key'), { name: 'C' });
    expect(created.status).toBe(201);
    expect(TEST_SEALER.takeSeals()).toBe(0);
    const { rows } = await api.database.db.query<{ answer: Buffer }>({
      text: "select answer from idempotency_keys where key = $1 and answer_key_id = ''",
      values: [posted.headers['idempotency-key']],
    });
    expect(JSON.parse(rows[0]!.answer.toString())).toEqual({ status: 202, body: first.body });
  });

  it('an Idempotency-Key finds a response that an earlier version sealed', async () => {
    const key = unique('key');
    const first = await create(key, { name: 'C' });
    const owner = { principalId: 'bootstrap', key };
    await storeIdempotentAnswer(api.database.db, TEST_SEALER, owner, first);
    const { rows } = await api.database.db.query({
      text: "select from idempotency_keys where key = $1 and answer_key_id <> ''",
      values: [key],
    });
    expect(rows).toHaveLength(1);
    expect((await create(key, { name: 'C' })).body).toEqual(first.body);
  });

  it.each([
    ['/v1/api-keys', { name: 'k', role: 'admin' }, 'key'],
    ['/v1/oauth-clients', { name: 'c', role: 'admin' }, 'clientSecret'],
    ['/v1/portal-sessions', { customerId: '$customer' }, 'token'],
    ['/v1/subscriptions/$subscription/secret/link', {}, 'url'],
    ['/v1/subscriptions/$subscription/secret/rotate', {}, 'secret'],
  ])('an Idempotency-Key keeps the answer of POST %s sealed', async (route, body, field) => {
    const { customerId } = await tenant();
    const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId }));
    const fill = (text: string) => text.replace('$customer', customerId).replace('$subscription', id);
    const key = unique('key');
    const answer = await api.call('POST', fill(route), {
      body: JSON.parse(fill(JSON.stringify(body))) as object,
      headers: { 'idempotency-key': key },
    });
    expect(answer.body[field]).toEqual(expect.any(String));
    const { rows } = await api.database.db.query<{ answer: Buffer; sealedBy: string }>({
      text: 'select answer, answer_key_id as "sealedBy" from idempotency_keys where key = $1',
      values: [key],
    });
    expect(rows[0]!.sealedBy).toBe(TEST_SEALER.keyId);
    expect(rows[0]!.answer.toString('latin1')).not.toContain(answer.body[field]);
  });

  it('refuses an Idempotency-Key of invalid length', async () => {
    expect(await create('x'.repeat(300), { name: 'C' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'header/idempotency-key' }] },
    });
  });
});
