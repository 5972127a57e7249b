import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Webhook } from 'standardwebhooks';
import { notificationWorkflowId } from '../../src/domain/types';
import type { RunningTemporal } from '../../src/embedded/temporal';
import { useReceiver } from '../support/receiver';
import { onboard } from '../support/service';
import { until } from '../support/until';
import { useService } from '../support/use-service';

/**
 * The walk of the README, and what operators and product lines do after it, over HTTP against the
 * built service.
 */
let temporal: RunningTemporal;
const service = useService((started) => {
  temporal = started;
  return {};
});
const receiver = useReceiver();

const get = async (route: string) => (await service.call('GET', route)).body;
const notification = (id: string) => get(`/v1/notifications/${id}`);
/** Waits until the workflow of a notification waits. The record says so a moment earlier. */
const isWaiting = (id: string) =>
  until(
    () => notification(id),
    ({ live }) => live?.phase === 'waiting',
  );
/** Waits until the workflow of a notification, which makes its attempts, is closed. */
async function isClosed(id: string): Promise<void> {
  const connection = await Connection.connect({ address: temporal.address });
  const workflow = new TemporalClient({ connection }).workflow.getHandle(notificationWorkflowId(id));
  await until(
    () => workflow.describe(),
    ({ status }) => status.name !== 'RUNNING',
  );
  await connection.close();
}

it('delivers a posted event, signed so that the stock library accepts it', async () => {
  const customer = await onboard(service, receiver.url('/payment-confirmed'), {
    headers: { 'X-Api-Key': 'of-the-receiver', 'X-Team': 'payments' },
  });
  const data = { paymentId: 'P-1', date: '2026-01-31T12:00:00Z', amount: 125.5 };
  const [id] = await customer.post({ data, user: { id: 'U-1' } });
  await receiver.waitFor(1);
  const [request] = receiver.requests;
  expect(new Webhook(customer.secret).verify(request!.body, request!.headers as Record<string, string>)).toEqual({
    id: expect.stringMatching(/^evt_/),
    type: customer.eventType,
    timestamp: expect.any(String),
    data,
    user: { id: 'U-1' },
  });
  expect(request).toMatchObject({
    method: 'POST',
    path: '/payment-confirmed',
    headers: {
      'content-type': 'application/json',
      'x-api-key': 'of-the-receiver',
      'x-team': 'payments',
      'signpost-attempt': '1',
      'signpost-notification': id,
    },
  });

  const seen = await service.reaches(id!, 'delivered');
  expect(seen).toMatchObject({ attemptCount: 1, live: null, lastError: null, customerId: customer.customerId });
  const attempt = await get(`/v1/attempts/${seen.attempts[0].id}`);
  expect(attempt).toMatchObject({
    status: 200,
    error: null,
    trigger: 'scheduled',
    request: {
      method: 'POST',
      body: request!.body,
      headers: { 'X-Api-Key': '***', 'X-Team': '***', 'webhook-signature': request!.headers['webhook-signature'] },
    },
    response: { status: 200, truncated: false },
  });
});

it('shows the next attempt of a failing endpoint after 30 seconds, and delivers by a manual retry once it is fixed', async () => {
  receiver.answerWith(503);
  const customer = await onboard(service, receiver.url());
  const [id] = await customer.post();
  await service.reaches(id!, 'retrying');
  const waiting = await isWaiting(id!);
  const away = Date.parse(waiting.nextAttemptAt) - Date.parse(waiting.attempts[0].finishedAt);
  expect(away).toBeGreaterThanOrEqual(30_000);
  expect(away).toBeLessThanOrEqual(33_000);
  expect(waiting.live).toMatchObject({ phase: 'waiting', attempt: 1 });
  expect(Math.abs(Date.parse(waiting.live.nextAttemptAt) - Date.parse(waiting.nextAttemptAt))).toBeLessThan(3000);
  receiver.answerWith(204);
  expect(await service.call('POST', `/v1/notifications/${id}/retry`, {})).toMatchObject({ status: 202 });
  const delivered = await service.reaches(id!, 'delivered');
  expect(
    delivered.attempts.map(({ trigger, status }: { trigger: string; status: number }) => [trigger, status]),
  ).toEqual([
    ['scheduled', 503],
    ['manual', 204],
  ]);
});

it('lists a failed notification, and walks its ladder again after a retry', async () => {
  receiver.answerWith([500, 500, 200]);
  const customer = await onboard(service, receiver.url(), { retrySchedule: [1] });
  const [id] = await customer.post();
  await service.reaches(id!, 'failed');
  const failed = await get(`/v1/subscriptions/${customer.subscriptionId}/notifications?status=failed`);
  expect(failed.items.map((item: { id: string }) => item.id)).toEqual([id]);
  expect(await service.call('POST', `/v1/notifications/${id}/retry`, {})).toMatchObject({
    status: 202,
    body: { status: 'pending' },
  });
  expect(await service.reaches(id!, 'delivered')).toMatchObject({ attemptCount: 3 });
});

it('delivers a delivered notification again only with force', async () => {
  const customer = await onboard(service, receiver.url());
  const [id] = await customer.post();
  await service.reaches(id!, 'delivered');
  expect(await service.call('POST', `/v1/notifications/${id}/retry`, {})).toMatchObject({
    status: 409,
    body: { code: 'already-delivered' },
  });
  expect(await service.call('POST', `/v1/notifications/${id}/retry`, { force: true })).toMatchObject({ status: 202 });
  await receiver.waitFor(2);
  expect(
    await until(
      () => notification(id!),
      (seen) => seen.attemptCount === 2,
    ),
  ).toMatchObject({ status: 'delivered' });
});

it('makes no attempt of a cancelled notification', async () => {
  receiver.answerWith(500);
  const customer = await onboard(service, receiver.url(), { retrySchedule: [3600] });
  const [id] = await customer.post();
  await isWaiting(id!);
  expect(await service.call('POST', `/v1/notifications/${id}/cancel`, {})).toMatchObject({
    status: 202,
    body: { status: 'cancelled' },
  });
  await isClosed(id!);
  expect(receiver.requests).toHaveLength(1);
});

it('holds notifications of a disabled subscription, and releases them in order of acceptance', async () => {
  // At this rate, requests are far enough apart to arrive in the order in which they are sent.
  const customer = await onboard(service, receiver.url(), { rateLimitPerSecond: 2 });
  await service.call('POST', `/v1/subscriptions/${customer.subscriptionId}/disable`, {});
  for (let i = 1; i <= 5; i++) await customer.post({ id: `held-${i}` });
  const held = await get(`/v1/subscriptions/${customer.subscriptionId}/notifications?status=held`);
  expect(held.items).toHaveLength(5);
  expect(await service.call('POST', `/v1/notifications/${held.items[0].id}/retry`, {})).toMatchObject({
    status: 409,
    body: { code: 'notification-held' },
  });
  await service.call('POST', `/v1/subscriptions/${customer.subscriptionId}/enable`, {});
  await receiver.waitFor(5);
  expect(receiver.requests.map(({ body }) => JSON.parse(body).id)).toEqual([
    'held-1',
    'held-2',
    'held-3',
    'held-4',
    'held-5',
  ]);
});

it('releases held notifications after a passed challenge, if the product requires verification', async () => {
  const customer = await onboard(service, receiver.url('/hook?tenant=7'));
  const { productId } = await get(`/v1/customers/${customer.customerId}`);
  await service.call('PATCH', `/v1/products/${productId}`, { requireVerification: true });
  const [id] = await customer.post();
  expect(await notification(id!)).toMatchObject({ status: 'held' });
  expect(await service.call('POST', `/v1/subscriptions/${customer.subscriptionId}/challenge`, {})).toMatchObject({
    status: 200,
    body: { status: 'failed' },
  });
  receiver.answerChallenges(customer.secret);
  expect(await service.call('POST', `/v1/subscriptions/${customer.subscriptionId}/challenge`, {})).toMatchObject({
    status: 200,
    body: { status: 'verified', responseStatus: 200 },
  });
  await service.reaches(id!, 'delivered');
  expect(receiver.requests[0]!.path).toMatch(/^\/hook\?tenant=7&crc_token=/);
  const challenges = await get(`/v1/subscriptions/${customer.subscriptionId}/challenges`);
  expect(challenges.items.map(({ status }: { status: string }) => status)).toEqual(['verified', 'failed']);
});

it('delivers nothing more to a deleted subscription', async () => {
  receiver.answerWith(500);
  const customer = await onboard(service, receiver.url(), { retrySchedule: [3600] });
  const [id] = await customer.post();
  await isWaiting(id!);
  expect(await service.call('DELETE', `/v1/subscriptions/${customer.subscriptionId}`)).toMatchObject({ status: 204 });
  await service.reaches(id!, 'cancelled');
  await isClosed(id!);
  expect(await service.call('GET', `/v1/subscriptions/${customer.subscriptionId}`)).toMatchObject({ status: 404 });
  expect(receiver.requests).toHaveLength(1);
});

it('signs with both secrets during a rotation, and only with the new one after an overlap of 0', async () => {
  const customer = await onboard(service, receiver.url());
  const rotate = async (body: object) =>
    (await service.call('POST', `/v1/subscriptions/${customer.subscriptionId}/secret/rotate`, body)).body
      .secret as string;
  const second = await rotate({ overlapSeconds: 60 });
  await customer.post();
  await receiver.waitFor(1);
  const verify = (secret: string, index: number) => {
    const { body, headers } = receiver.requests[index]!;
    return () => new Webhook(secret).verify(body, headers as Record<string, string>);
  };
  expect(verify(customer.secret, 0)).not.toThrow();
  expect(verify(second, 0)).not.toThrow();
  const third = await rotate({ overlapSeconds: 0 });
  await customer.post();
  await receiver.waitFor(2);
  expect(verify(second, 1)).toThrow();
  expect(verify(third, 1)).not.toThrow();
});

it('keeps payloads and secrets out of the log, and counts attempts in metrics', async () => {
  receiver.answerWith(500);
  const customer = await onboard(service, receiver.url(), {
    retrySchedule: [1],
    headers: { Authorization: 'Bearer header-marker' },
  });
  const [id] = await customer.post({ data: { note: 'payload-marker' } });
  await service.reaches(id!, 'failed');
  const log = service.output();
  expect(log).toContain(id);
  for (const marker of ['payload-marker', 'header-marker', customer.secret, customer.secret.replace('whsec_', '')])
    expect(log).not.toContain(marker);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  const value = (line: string) => Number(new RegExp(`^${line} (\\d+)`, 'm').exec(metrics)?.[1]);
  expect(value('signpost_events_accepted_total')).toBeGreaterThan(10);
  expect(value('signpost_attempts_total\\{outcome="delivered"\\}')).toBeGreaterThan(5);
  expect(value('signpost_attempts_total\\{outcome="status"\\}')).toBeGreaterThan(5);
  expect(value('signpost_accept_to_first_attempt_seconds_count')).toBeGreaterThan(5);
  expect(value('signpost_notifications\\{status="pending"\\}')).toBe(0);
  expect(value('signpost_relayed_total')).toBe(0);
  // Those of Temporal's SDK: the workflow task after the first wait, and free slots.
  const queue = '\\{[^}]*task_queue="signpost"[^}]*';
  expect(value(`temporal_workflow_task_schedule_to_start_latency_seconds_count${queue}\\}`)).toBeGreaterThan(0);
  expect(value(`temporal_worker_task_slots_available${queue}worker_type="WorkflowWorker"[^}]*\\}`)).toBeGreaterThan(0);
});
