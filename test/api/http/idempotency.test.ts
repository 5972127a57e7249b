import { startTestApi, type TestApi } from '../../support/api';
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

  it('refuses an Idempotency-Key of invalid length', async () => {
    expect(await create('x'.repeat(300), { name: 'C' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'header/idempotency-key' }] },
    });
  });
});
