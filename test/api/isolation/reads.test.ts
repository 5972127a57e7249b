import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startTestApi, type TestApi } from '../../support/api';
import { fastestMs } from '../../support/fastest';
import type { Database } from '../../../src/store/db/database';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

interface Tenant {
  productId: string;
  key: string;
  type: string;
  customerId: string;
  post(customerId?: string, headers?: Record<string, string>): ReturnType<TestApi['call']>;
}

async function tenantWithCustomer(name: string): Promise<Tenant> {
  const { productId, key } = await api.tenant(name);
  const type = `${name}.happened.v1`;
  await api.must('PUT', `/v1/event-types/${type}`, { productId, description: '' });
  const customerId = await customer(productId, type, `${name}-customer`);
  return {
    productId,
    key,
    type,
    customerId,
    post: (of = customerId, headers = {}) =>
      api.call('POST', '/v1/events', { key, headers, body: { type, customerId: of, data: {} } }),
  };
}

async function customer(productId: string, type: string, id: string): Promise<string> {
  await api.must('POST', '/v1/customers', { id, name: id, productId });
  await api.must('POST', '/v1/subscriptions', {
    customerId: id,
    name: 'main',
    url: 'http://127.0.0.1:9/hook',
    eventTypes: [type],
  });
  return id;
}

/** Occupies every connection of a pool, as slow lists do. @returns frees them */
async function occupy(db: Database, connections: number): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const held = Array.from({ length: connections }, () =>
    db.transaction(async (executor) => {
      await executor.query({
        text: 'set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0',
      });
      await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
    }),
  );
  while (db.use().inUse < connections) await sleep(10);
  return async () => {
    stop.abort();
    await Promise.all(held);
  };
}

describe('while every connection for lists and writing calls is busy', () => {
  let free: () => Promise<void>;
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await tenantWithCustomer('busy-pools');
    const both = [await occupy(api.pools.readDb, 6), await occupy(api.pools.db, 8)];
    free = async () => void (await Promise.all(both.map((end) => end())));
  });
  afterAll(() => free());

  it('an event is accepted', async () => {
    // The cached credential expires in between.
    for (let round = 0; round < 3; round++) {
      expect((await tenant.post()).status).toBe(202);
      await sleep(round === 2 ? 0 : 1100);
    }
  });

  it('an event with an Idempotency-Key is accepted', async () => {
    expect((await tenant.post(undefined, { 'idempotency-key': 'k' })).status).toBe(202);
  });

  it('the readiness check answers', async () => {
    expect((await api.call('GET', '/readyz')).status).toBe(200);
  });

  it('metrics are served', async () => {
    const { status, body } = await api.call('GET', '/metrics');
    expect(status).toBe(200);
    expect(body).toContain('signpost_database_connections_in_use{pool="read"} 6');
    expect(body).toContain('signpost_notifications_age_seconds');
  });
});

it('a list that exceeds its statement timeout is a 503 that says when to retry', async () => {
  const other = new Client(api.database.url);
  await other.connect();
  try {
    await other.query('begin; lock table audit in access exclusive mode');
    const { status, body, headers } = await api.call('GET', '/v1/audit');
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'database-unavailable' });
    expect(headers.get('retry-after')).toBe('2');
  } finally {
    await other.end();
  }
});

/** A little less than the path waits for a lock. */
const LOCK_TIMEOUT_MS = 900;

describe('while another session holds the row lock of one subscription', () => {
  let other: Client;
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await tenantWithCustomer('locked');
    expect((await tenant.post()).status).toBe(202);
    other = new Client(api.database.url);
    await other.connect();
    await other.query('begin; update subscription_event_statistics set events = events');
  });
  afterAll(() => other.end());

  it('only its own events are refused, and those of others are accepted', async () => {
    const others = await Promise.all(
      ['one', 'two', 'three'].map((name) => customer(tenant.productId, tenant.type, `locked-${name}`)),
    );
    const startedAt = Date.now();
    const stuck = Array.from({ length: 20 }, () => tenant.post());
    const free = others.flatMap((id) => Array.from({ length: 5 }, () => tenant.post(id)));
    expect((await Promise.all(free)).map(({ status }) => status)).toEqual(free.map(() => 202));
    // One after the other, those that are stuck would take 20 s.
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    const refused = await Promise.all(stuck);
    expect(refused.map(({ status, body }) => `${status} ${body.code}`)).toEqual(
      stuck.map(() => '503 database-unavailable'),
    );
  });

  it('others are accepted without delay from then on', async () => {
    const id = await customer(tenant.productId, tenant.type, 'locked-four');
    const ms = await fastestMs(LOCK_TIMEOUT_MS, async () => {
      const stuck = Array.from({ length: 5 }, () => tenant.post());
      await sleep(50);
      const startedAt = performance.now();
      expect((await tenant.post(id)).status).toBe(202);
      const tookMs = performance.now() - startedAt;
      await Promise.all(stuck);
      return tookMs;
    });
    expect(ms).toBeLessThan(LOCK_TIMEOUT_MS);
  });

  it('posts of others with an Idempotency-Key are accepted without delay', async () => {
    const id = await customer(tenant.productId, tenant.type, 'locked-five');
    let round = 0;
    const ms = await fastestMs(LOCK_TIMEOUT_MS, async () => {
      round += 1;
      const stuck = Array.from({ length: 12 }, (_, index) =>
        tenant.post(undefined, { 'idempotency-key': `stuck-${round}-${index}` }),
      );
      await sleep(50);
      const startedAt = performance.now();
      expect((await tenant.post(id, { 'idempotency-key': `free-${round}` })).status).toBe(202);
      const tookMs = performance.now() - startedAt;
      expect((await Promise.all(stuck)).map(({ status }) => status)).toEqual(stuck.map(() => 503));
      return tookMs;
    });
    expect(ms).toBeLessThan(LOCK_TIMEOUT_MS);
  });

  it('its events are accepted again once the lock is gone', async () => {
    await other.query('rollback');
    expect((await tenant.post()).status).toBe(202);
  });
});
