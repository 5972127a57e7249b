import { proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { DeliverBurstInput, DeliverBurstResult } from '../domain/delivery';

const { awaitBurst } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '2 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
});

/**
 * Runs the first attempts of many notifications, when Temporal cannot start workflows of their own
 * fast enough. Each notification that needs a second attempt gets its own `deliverNotification`.
 */
export async function deliverBurst({ notificationIds }: DeliverBurstInput): Promise<DeliverBurstResult> {
  return awaitBurst({ notificationIds });
}
