import { encodeId, newUuid } from '../../../src/domain/ids';
import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant } from '../../support/tenant';

/** Given ids that look like generated ones. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
});
afterAll(() => api?.stop());

const eventOf = (id?: string, { eventType } = tenant) => ({ id, type: eventType, data: { a: 1 } });
const post = (id?: string, to = tenant) => api.call('POST', '/v1/events', { key: to.key, body: eventOf(id, to) });
const idsOf = async (): Promise<string[]> =>
  (await api.must('GET', '/v1/events', undefined, tenant.key)).items.map(({ id }: { id: string }) => id);

it('a given id that another event of the product was given by us is a conflict, alone and in a batch', async () => {
  const { id } = (await post()).body;
  expect(await post(id)).toMatchObject({ status: 409, body: { code: 'event-id-conflict', errors: [{ path: '/id' }] } });
  const own = encodeId('evt', newUuid());
  const batch = { events: [eventOf(id), eventOf(own), eventOf()] };
  const { body } = await api.call('POST', '/v1/events/batch', { key: tenant.key, body: batch });
  expect(body.results.map(({ status }: { status: number }) => status)).toEqual([409, 202, 202]);
  const ids = await idsOf();
  expect(ids.filter((one) => one === id)).toHaveLength(1);
  expect(new Set(ids).size).toBe(ids.length);
});

it('a given id that looks like a generated one is accepted, and its repost is a duplicate', async () => {
  const first = '00000000-0000-7000-8000-000000000000';
  const last = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  for (const uuid of [newUuid(), first, last]) {
    const id = encodeId('evt', uuid);
    expect(await post(id)).toMatchObject({ status: 202, body: { id, duplicate: false } });
    expect(await post(id)).toMatchObject({ status: 200, body: { id, duplicate: true } });
  }
});

it('the generated id of an event of another product is free', async () => {
  const other = await makeTenant(api);
  const { id } = (await post()).body;
  expect(await post(id, other)).toMatchObject({ status: 202, body: { id, duplicate: false } });
});
