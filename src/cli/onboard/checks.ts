import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Client } from '../client';
import type { Subscription } from './customer';

const POLL_MS = 250;
const PATIENCE_MS = 60_000;

/** What came of a challenge or a test notification. */
export interface CheckResult {
  subscription: string;
  check: 'challenge' | 'test';
  passed: boolean;
  detail: string;
}

interface Notification {
  id: string;
  status: string;
  lastError: { message: string } | null;
  lastResponseStatus: number | null;
}

/** Has the receiver prove that it has the secret. */
export async function challenge(client: Client, { id, name }: Subscription): Promise<CheckResult> {
  return check(name, 'challenge', async () => {
    const path = `/v1/subscriptions/${encodeURIComponent(id)}/challenge`;
    const { status, detail } = await client.request<{ status: string; detail: string }>('POST', path, { body: {} });
    return { passed: status === 'verified', detail };
  });
}

/** Sends a test notification by the real path, and waits for what the first attempt gave. */
export async function sendTest(client: Client, { id, name }: Subscription): Promise<CheckResult> {
  return check(name, 'test', async () => {
    const path = `/v1/subscriptions/${encodeURIComponent(id)}/trigger`;
    let notification = await client.request<Notification>('POST', path, { body: {} });
    const until = Date.now() + PATIENCE_MS;
    while (['pending', 'delivering'].includes(notification.status) && Date.now() < until) {
      await sleep(POLL_MS);
      notification = await client.request<Notification>('GET', `/v1/notifications/${notification.id}`);
    }
    const { status, lastError, lastResponseStatus } = notification;
    const answer = lastError?.message ?? (lastResponseStatus === null ? '' : `HTTP ${lastResponseStatus}`);
    return { passed: status === 'delivered', detail: [status, answer].filter(Boolean).join(': ') };
  });
}

/** A check that the service refuses has failed; the others are still to be made. */
async function check(
  subscription: string,
  kind: CheckResult['check'],
  run: () => Promise<Pick<CheckResult, 'passed' | 'detail'>>,
): Promise<CheckResult> {
  try {
    return { subscription, check: kind, ...(await run()) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { subscription, check: kind, passed: false, detail: error.message };
  }
}
