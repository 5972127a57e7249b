import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Client } from '../client';
import type { Subscription } from './customer';

const POLL_MS = 250;
const TEST_TIMEOUT_MS = 60_000;

/** Result of a challenge or a test notification. */
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

/** Checks that the receiver knows the secret. */
export async function challenge(client: Client, { id, name }: Subscription): Promise<CheckResult> {
  return check(name, 'challenge', async () => {
    const path = `/v1/subscriptions/${encodeURIComponent(id)}/challenge`;
    const { status, detail } = await client.request<{ status: string; detail: string }>('POST', path, { body: {} });
    return { passed: status === 'verified', detail };
  });
}

/**
 * Sends a test notification through the normal pipeline and waits for the result of its first
 * attempt.
 */
export async function sendTest(client: Client, { id, name }: Subscription): Promise<CheckResult> {
  return check(name, 'test', async () => {
    const path = `/v1/subscriptions/${encodeURIComponent(id)}/trigger`;
    let notification = await client.request<Notification>('POST', path, { body: {} });
    const deadline = Date.now() + TEST_TIMEOUT_MS;
    while (['pending', 'delivering'].includes(notification.status) && Date.now() < deadline) {
      await sleep(POLL_MS);
      notification = await client.request<Notification>('GET', `/v1/notifications/${notification.id}`);
    }
    const { status, lastError, lastResponseStatus } = notification;
    const response = lastError?.message ?? (lastResponseStatus === null ? '' : `HTTP ${lastResponseStatus}`);
    return { passed: status === 'delivered', detail: [status, response].filter(Boolean).join(': ') };
  });
}

/** Reports a check that the service refuses as failed, so that the remaining checks still run. */
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
