import { proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { DeliverBurstInput, DeliverBurstResult } from '../domain/delivery';

const { awaitBurst } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '2 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
});

/**
 * Looks after the first attempts of many notifications at once, where workflows of their own would wait in line for Temporal. Each that needs a
 * second attempt gets a `deliverNotification` of its own.
 */
export async function deliverBurst({ notificationIds }: DeliverBurstInput): Promise<DeliverBurstResult> {
  return awaitBurst({ notificationIds });
}
