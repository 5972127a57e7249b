import { randomBytes } from 'node:crypto';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { BURST_PREFIX } from '../../src/domain/delivery';
import { decodeId } from '../../src/domain/ids';
import type { RunningTemporal } from '../../src/embedded/temporal';
import { useReceiver } from '../support/receiver';
import { ADMIN_KEY, onboard } from '../support/service';
import { stopSummaries } from '../support/summaries';
import { until } from '../support/until';
import { useService } from '../support/use-service';

/**
 * A customer with one of everything, marked by a word that must be nowhere after the erasure: in no
 * table, no workflow, no line of the log.
 */
let running: RunningTemporal;
const service = useService((started) => {
  running = started;
  return { SIGNPOST_LOG_LEVEL: 'debug', SIGNPOST_PLAY: 'on' };
});
const receiver = useReceiver();

// Temporal deletes histories in the background.
jest.setTimeout(180_000);

const CANARY = `canary${randomBytes(6).toString('hex')}`;

/** Names and rows of all tables, as text. Binary columns are in hex. */
async function allRows(): Promise<Map<string, string[]>> {
  const { db } = service.database;
  const { rows: tables } = await db.query<{ name: string }>({
    text: `select c.relname as name from pg_class c
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  });
  const all = new Map<string, string[]>();
  for (const { name } of tables) {
    const { rows } = await db.query<{ row: string }>({ text: `select t::text as row from ${name} t` });
    all.set(name, rows.map(({ row }) => row).sort());
  }
  return all;
}

/** The rows that contain one of the words. */
async function rowsWith(words: readonly string[]): Promise<string[]> {
  const wanted = words.flatMap((word) => [word, Buffer.from(word).toString('hex')]);
  return [...(await allRows())].flatMap(([table, rows]) =>
    rows.filter((row) => wanted.some((word) => row.includes(word))).map((row) => `${table}: ${row}`),
  );
}

/** The workflows whose description or history contains one of the words, and how many there are. */
async function workflowsWith(words: readonly string[]): Promise<{ found: string[]; searched: number }> {
  const connection = await Connection.connect({ address: running.address });
  const client = new TemporalClient({ connection });
  const found: string[] = [];
  let searched = 0;
  for await (const { workflowId, runId, raw } of client.workflow.list()) {
    const history = await client.workflow
      .getHandle(workflowId, runId)
      .fetchHistory()
      .catch(() => undefined);
    const bytes = [
      temporal.api.workflow.v1.WorkflowExecutionInfo.encode(raw).finish(),
      temporal.api.history.v1.History.encode(history ?? {}).finish(),
    ];
    searched += 1;
    const text = bytes.map((part) => Buffer.from(part).toString('latin1')).join('\n');
    if (words.some((word) => text.includes(word))) found.push(workflowId);
  }
  await connection.close();
  return { found, searched };
}

async function workflowRunsOf(customerId: string): Promise<number> {
  const connection = await Connection.connect({ address: running.address });
  const { count } = await new TemporalClient({ connection }).workflow.count(`SignpostCustomer = '${customerId}'`);
  await connection.close();
  return count;
}

/** Makes a call as `must` does, with more headers. */
async function post(route: string, body: object, headers: Record<string, string>) {
  const response = await fetch(service.url + route, {
    method: 'POST',
    headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (response.status >= 300) throw new Error(`${route} ${response.status}: ${await response.text()}`);
  return (await response.json()) as { id: string };
}

/** @returns the ids of what the customer has */
async function fill(customerId: string, productId: string, type: string): Promise<string[]> {
  const keyed = { 'idempotency-key': `${CANARY}-key` };
  await post('/v1/customers', { id: customerId, name: `Name ${CANARY}`, productId }, keyed);
  const settings = (name: string, path: string, more: object = {}) => ({
    customerId,
    name: `${name} ${CANARY}`,
    description: CANARY,
    url: receiver.url(`/${path}/${CANARY}`),
    eventTypes: [type],
    channels: [name],
    headers: { 'X-Note': CANARY },
    customData: { note: CANARY },
    retrySchedule: [3600],
    ...more,
  });
  const subscribe = async (...args: Parameters<typeof settings>) =>
    (await service.must('POST', '/v1/subscriptions', settings(...args))).id as string;
  const subscriptions = {
    ok: (await post('/v1/subscriptions', settings('ok', 'ok'), { 'idempotency-key': `${CANARY}-sub` })).id,
    failing: await subscribe('failing', 'failing', { retrySchedule: [] }),
    retrying: await subscribe('retrying', 'failing'),
    held: await subscribe('held', 'ok', { enabled: false }),
    limited: await subscribe('limited', 'ok', { rateLimitPerSecond: 0.001 }),
    gone: await subscribe('gone', 'gone'),
  };
  const event = async (channel: string) => {
    const body = { type, customerId, channels: [channel], data: { note: CANARY }, user: { name: CANARY } };
    const posted = await service.must('POST', '/v1/events', { ...body, id: `${CANARY}-${channel}` });
    return posted.notifications[0].id as string;
  };
  const notifications = {
    delivered: await event('ok'),
    failed: await event('failing'),
    retrying: await event('retrying'),
    held: await event('held'),
    first: await event('limited'),
    gone: await event('gone'),
  };
  await service.reaches(notifications.delivered, 'delivered');
  await service.reaches(notifications.failed, 'failed');
  await service.reaches(notifications.retrying, 'retrying');
  await service.reaches(notifications.held, 'held');
  await service.reaches(notifications.gone, 'failed');
  const { ok, failing } = subscriptions;
  const recovery = await service.must('POST', `/v1/subscriptions/${failing}/recover`, {
    since: '2026-01-02T03:04:05Z',
  });
  await until(
    () => service.must('GET', `/v1/recoveries/${recovery.id}`),
    ({ status }) => status === 'completed',
  );
  await service.must('POST', `/v1/notifications/${notifications.delivered}/retry`, { force: true });
  await service.must('POST', `/v1/subscriptions/${ok}/challenge`, {});
  await service.must('POST', `/v1/subscriptions/${ok}/secret/rotate`, { secret: `secret-${CANARY}-0123456789` });
  await service.must('POST', `/v1/subscriptions/${ok}/secret/link`, {});
  await service.must('POST', `/v1/subscriptions/${ok}/signing-key`, {});
  await service.must('POST', `/v1/subscriptions/${ok}/trigger`, { type, data: { note: CANARY } });
  await service.must('DELETE', `/v1/subscriptions/${subscriptions.held}`);
  const inbox = await service.must('POST', '/v1/play-inboxes', { customerId, name: `Inbox ${CANARY}` });
  const captured = await fetch(inbox.url, { method: 'POST', body: CANARY });
  if (!captured.ok) throw new Error(`the inbox answered ${captured.status}`);
  const deploy = { customerId, version: CANARY, description: CANARY, url: `https://ci.example/${CANARY}` };
  await service.must('POST', '/v1/deploys', { ...deploy, subscriptionId: ok });
  const pattern = `https://${CANARY}.example`;
  const { id: entry } = await service.must('POST', '/v1/url-allowlist', { pattern, customerId });
  const credential = { name: `Key of ${CANARY}`, role: 'customer', customerId };
  const key = await service.must('POST', '/v1/api-keys', credential);
  const client = await service.must('POST', '/v1/oauth-clients', credential);
  await service.must('POST', '/oauth/token', {
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
    scope: 'offline_access',
  });
  const portal = await service.must('POST', '/v1/portal-sessions', { customerId });
  for (const secret of [key.key, portal.token]) await service.must('POST', '/v1/session', { credential: secret });
  // The customer acts as well.
  await service.must('PATCH', `/v1/subscriptions/${ok}`, { description: `changed ${CANARY}` }, key.key);
  await service.must('PATCH', `/v1/customers/${customerId}`, { name: `Other name ${CANARY}` });
  // Logged as a refusal, with its path.
  await service.call('GET', `/v1/customers/${customerId}x`);
  await service.call('GET', `/v1/events/${CANARY}-nothing`);
  return [
    ...Object.values(subscriptions),
    ...Object.values(notifications),
    recovery.id,
    inbox.id,
    entry,
    key.id,
    client.clientId,
    portal.id,
  ] as string[];
}

it('an erasure leaves nothing of a customer in any table, in Temporal or in the log, and others untouched', async () => {
  receiver.answerWith(({ path }) => ({
    status: path.startsWith('/ok') || path === '/' ? 200 : path.startsWith('/gone') ? 410 : 500,
    headers: { 'x-echo': path },
    body: `answer to ${path}`,
  }));
  await stopSummaries(service.database.db);
  const other = await onboard(service, receiver.url('/'), { headers: { 'X-Note': 'other' } });
  const productId = `product-${other.customerId.slice('customer-'.length)}`;
  // An operator hears of the customer's subscription that is disabled automatically.
  await service.must('POST', '/v1/customers', { id: 'operators', name: 'Operators', productId: 'signpost' });
  const operators = { customerId: 'operators', name: 'on call', url: receiver.url('/'), eventTypes: ['signpost.*'] };
  await service.must('POST', '/v1/subscriptions', { ...operators, format: 'envelope' });
  const [othersId] = await other.post({ id: 'other-event' });
  await service.reaches(othersId!, 'delivered');

  const customerId = `cust.${CANARY}`;
  const ids = await fill(customerId, productId, other.eventType);
  const toAll = await service.must('POST', '/v1/events', {
    type: other.eventType,
    data: { to: 'all' },
    channels: ['ok'],
  });
  expect(toAll.notifications).toHaveLength(2);
  await until(
    () => service.must('GET', '/v1/events?type=signpost.subscription.out-of-order.v1'),
    ({ items }) => items.length === 1,
  );
  await until(
    () => workflowRunsOf(customerId),
    (count) => count >= 5,
  );
  // A failure waits for the event that covers it. Until then, the erasure would count it as well.
  await until(
    () => service.database.db.query({ text: 'select from operational_outbox' }),
    ({ rowCount }) => rowCount === 0,
  );
  await until(
    () => service.must('GET', '/v1/notifications?customerId=operators'),
    ({ items }) => items.length === 2 && items.every(({ status }: { status: string }) => status === 'delivered'),
  );

  // The search finds something before the erasure.
  const words = [customerId, CANARY, ...ids, ...ids.flatMap((id) => decodeId(id.slice(0, 3) as 'sub', id) ?? [])];
  const tablesBefore = new Set((await rowsWith(words)).map((row) => row.split(':')[0]));
  expect(tablesBefore.size).toBeGreaterThanOrEqual(18);
  expect((await workflowsWith(words)).found.length).toBeGreaterThan(5);
  const othersWords = [other.customerId, decodeId('sub', other.subscriptionId)!, 'other-event'];
  const othersBefore = await rowsWith(othersWords);
  expect(othersBefore.length).toBeGreaterThan(5);

  const erasure = await service.must('DELETE', `/v1/customers/${customerId}`);
  const requests = receiver.requests.length;
  const receipt = await until(
    () => service.must('GET', `/v1/erasures/${erasure.id}`),
    ({ status }) => status === 'completed',
    150_000,
  );
  expect(receipt.counts).toMatchObject({
    events: 7,
    eventIds: expect.any(Number),
    subscriptions: 6,
    apiKeys: 1,
    oauthClients: 1,
    portalSessions: 1,
    sessions: 2,
    allowlistEntries: 1,
    challenges: 1,
    recoveries: 1,
    deploys: 1,
    playInboxes: 1,
    playRequests: 1,
    // One subscription out of order, one notification that failed for good.
    operationalEvents: 2,
    idempotentAnswers: 2,
  });
  for (const [kind, count] of Object.entries(receipt.counts)) expect([kind, count]).not.toEqual([kind, 0]);

  expect(await rowsWith(words)).toEqual([]);
  // Bursts are shared, and name notifications only, by ids that refer to nothing any more.
  const isNotification = (word: string) => word.startsWith('ntf_');
  await until(
    () => workflowsWith(words),
    ({ found }) => found.every((workflowId) => workflowId.startsWith(BURST_PREFIX)),
    60_000,
  );
  const workflows = await workflowsWith(words.filter((word) => !isNotification(word)));
  expect(workflows.found).toEqual([]);
  expect(workflows.searched).toBeGreaterThan(0);
  expect(
    service
      .output()
      .split('\n')
      .filter((line) => line.includes(CANARY)),
  ).toEqual([]);
  expect(await rowsWith(othersWords)).toEqual(othersBefore);
  expect((await service.must('GET', `/v1/notifications/${othersId}`)).status).toBe('delivered');
  expect(receiver.requests.length).toBe(requests);
  // The audit log still shows that something happened.
  const { items } = await service.must('GET', `/v1/audit?object=${erasure.id}&limit=200`);
  expect(items.length).toBeGreaterThan(10);
  expect(items).toContainEqual(expect.objectContaining({ action: 'subscription.create', detail: {} }));
  expect(items).toContainEqual(expect.objectContaining({ actorName: 'erased customer', actorId: erasure.id }));
  expect((await service.call('DELETE', `/v1/customers/${customerId}`)).status).toBe(404);
});
