import path from 'node:path';
import { Registry } from 'prom-client';
import type { SideThread } from '../../../src/api/side-thread/side-thread';
import { createBoundMetrics } from '../../../src/process/bound-metrics';
import { startTestSideThread } from '../../support/side-thread';

let registry: Registry;
let thread: SideThread;
afterEach(() => thread.close());

function start(maxWaiting?: number, file?: string): void {
  registry = new Registry();
  thread = startTestSideThread(createBoundMetrics(registry), { maxWaiting, ...(file ? { file } : {}) });
}

const schema = JSON.stringify({ type: 'object', properties: { a: { type: 'number' } } });
const check = (tenant: string, a: unknown) =>
  thread.run(tenant, 'validate', { type: 't', schema, texts: [JSON.stringify({ a })] });

it('lets tenants take turns in the side thread, each in its own order', async () => {
  start();
  const order: string[] = [];
  const named = (tenant: string, name: string) => check(tenant, 1).then(() => order.push(name));
  await Promise.all([
    named('busy', 'busy 1'),
    named('busy', 'busy 2'),
    named('busy', 'busy 3'),
    named('busy', 'busy 4'),
    named('quiet', 'quiet 1'),
    named('quiet', 'quiet 2'),
  ]);
  expect(order).toEqual(['busy 1', 'busy 2', 'quiet 1', 'busy 3', 'quiet 2', 'busy 4']);
});

it('refuses the tenant that fills the queue of the side thread, and nobody else', async () => {
  start(8);
  const busy = await Promise.allSettled(Array.from({ length: 10 }, () => check('busy', 1)));
  const refused = busy.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(6);
  expect((refused[0] as PromiseRejectedResult).reason).toMatchObject({ code: 'too-many-requests' });

  const both = await Promise.allSettled([
    ...Array.from({ length: 10 }, () => check('busy', 1)),
    check('quiet', 1),
    check('quiet', 1),
  ]);
  expect(both.slice(-2).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await registry.metrics()).toContain('signpost_side_thread_refused_total{kind="validate"} 12');
  expect(await registry.metrics()).toContain('signpost_side_thread_waiting 0');
});

it('returns the problems of a job as problems', async () => {
  start();
  await expect(thread.run('t', 'compile', { schema: { properties: { a: { pattern: '(' } } } })).rejects.toMatchObject({
    code: 'invalid-schema',
  });
  await expect(
    thread.run('t', 'compile', { schema: { type: 'object', required: ['a'] }, sample: {} }),
  ).rejects.toMatchObject({ code: 'sample-breaks-schema', options: { errors: [{ path: '/sample/a' }] } });
});

it('starts another thread if one ends during a job', async () => {
  start(undefined, path.join(__dirname, '..', '..', 'support', 'ending-thread.mjs'));
  await expect(check('t', 1)).rejects.toThrow('ended by the test');
  await expect(check('t', 1)).rejects.toThrow('ended by the test');
});

it('refuses what waits when the side thread is closed', async () => {
  start();
  const results = Promise.allSettled([check('t', 1), check('t', 2)]);
  await thread.close();
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
