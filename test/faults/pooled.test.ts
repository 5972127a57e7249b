import { setTimeout as sleep } from 'node:timers/promises';
import { useCluster } from '../support/cluster';
import { startPgBouncer, type PgBouncer } from '../support/pgbouncer';
import { ADMIN_KEY, onboard } from '../support/service';
import { variants } from '../support/variants';

/** Whole processes that reach Postgres through PgBouncer. */
const cluster = useCluster();
let pgBouncer: PgBouncer | undefined;
afterEach(async () => {
  await pgBouncer?.stop();
  pgBouncer = undefined;
});

const POSTS = 120;

it.each(variants<'session' | 'transaction'>('transaction', 'session'))(
  'behind PgBouncer in %s mode, two processes accept every post and deliver every event once',
  async (mode) => {
    const { receiver, database } = cluster;
    pgBouncer = await startPgBouncer(database.url, mode, { default_pool_size: mode === 'session' ? 90 : 12 });
    const env = { SIGNPOST_LOG_LEVEL: 'info' };
    const first = await cluster.start({ databaseUrl: pgBouncer.url, env });
    expect(first.output()).toContain(`"pooling":"${mode}"`);
    const second = await cluster.start({ databaseUrl: pgBouncer.url });
    const customer = await onboard(first, receiver.url());
    const send = async (index: number) => {
      const { url } = index % 2 === 0 ? first : second;
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: {
          'x-api-key': ADMIN_KEY,
          'content-type': 'application/json',
          ...(index % 3 === 0 ? { 'idempotency-key': `key-${index}` } : {}),
        },
        body: JSON.stringify({
          ...(index % 3 === 1 ? { id: `event-${index}` } : {}),
          type: customer.eventType,
          customerId: customer.customerId,
          data: { index },
        }),
      });
      const body = (await response.json()) as { notifications: { id: string }[]; code?: string; detail?: string };
      const { code, detail } = body;
      return { status: response.status, code, detail, ids: body.notifications?.map(({ id }) => id) };
    };
    /** On a busy machine some wait too long for the row of the subscription: repeats those. */
    const post = async (index: number) => {
      for (;;) {
        const answer = await send(index);
        if (!answer.detail?.startsWith('The database did not finish in time, and nothing was changed')) return answer;
        await sleep(500);
      }
    };
    const answers = await Promise.all(Array.from({ length: POSTS }, (_, index) => post(index)));
    expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
    const ids = answers.flatMap((answer) => answer.ids);
    await cluster.reach(ids, 'delivered');
    expect(receiver.requests).toHaveLength(POSTS);
    await cluster.expectAgreement(ids.slice(0, 10));
    for (const path of ['/readyz', '/v1/overview', `/v1/notifications?customerId=${customer.customerId}`, '/metrics'])
      expect((await fetch(second.url + path, { headers: { 'x-api-key': ADMIN_KEY } })).status).toBe(200);
  },
);

it('a process does not start behind PgBouncer in statement mode, and says what to set', async () => {
  pgBouncer = await startPgBouncer(cluster.database.url, 'statement');
  await expect(cluster.start({ databaseUrl: pgBouncer.url })).rejects.toThrow(
    'DATABASE_URL leads to a pooler in statement mode',
  );
});

it('migrates at SIGNPOST_MIGRATION_DATABASE_URL', async () => {
  const { database, receiver } = cluster;
  await database.db.query({ text: 'drop schema public cascade' });
  await database.db.query({ text: 'create schema public' });
  // Too small a pool to migrate through.
  pgBouncer = await startPgBouncer(database.url, 'transaction', { default_pool_size: 1 });
  const service = await cluster.start({
    databaseUrl: pgBouncer.url,
    env: { SIGNPOST_MIGRATION_DATABASE_URL: database.url },
  });
  const customer = await onboard(service, receiver.url());
  await cluster.reach(await customer.post(), 'delivered');
});
