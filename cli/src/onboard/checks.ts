import { setTimeout as sleep } from 'node:timers/promises';
import { SignpostError, type ItemOf } from '@signpost/sdk';
import type { Client } from '../client';
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

/** Checks that the receiver knows the secret. */
export async function challenge(client: Client, { id, name }: Subscription): Promise<CheckResult> {
  return check(name, 'challenge', async () => {
    const { status, detail } = await client.subscriptions.challenge(id);
    return { passed: status === 'verified', detail };
  });
}

/**
 * Sends a test notification through the normal pipeline and waits for the result of its first
 * attempt.
 */
export async function sendTest(client: Client, { id, name }: Subscription): Promise<CheckResult> {
  return check(name, 'test', async () => {
    let notification: ItemOf<'/v1/notifications'> = await client.subscriptions.trigger(id);
    const deadline = Date.now() + TEST_TIMEOUT_MS;
    while (['pending', 'delivering'].includes(notification.status) && Date.now() < deadline) {
      await sleep(POLL_MS);
      notification = await client.notifications.get(notification.id);
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
    if (!(error instanceof SignpostError)) throw error;
    return { subscription, check: kind, passed: false, detail: `${error.title}: ${error.detail}` };
  }
}
