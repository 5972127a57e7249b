import { proxyLocalActivities, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { DeliverBurstInput, DeliverBurstResult } from '../domain/delivery';

const { awaitBurst } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '2 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
});

/**
 * A burst stays with the version that started it, because it ends within minutes. If that version
 * has no workers left, Temporal ends the burst at its timeout, and the reconciler starts what is
 * open. Temporal refuses the workflow tasks of a worker without a version if they name a behaviour.
 */
setWorkflowOptions(
  () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'PINNED' } : {}),
  deliverBurst,
);

/**
 * Runs the first attempts of many notifications, when Temporal cannot start workflows of their own
 * fast enough. Each notification that needs a second attempt gets its own `deliverNotification`.
 */
export async function deliverBurst({ notificationIds }: DeliverBurstInput): Promise<DeliverBurstResult> {
  return awaitBurst({ notificationIds });
}
