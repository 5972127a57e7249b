import { temporal as proto } from '@temporalio/proto';
import { requiredTsToMs } from '@temporalio/common/lib/time';
import type { DeploymentState, DeploymentVersion } from '../domain/deployment';
import type { TemporalLink } from './connection';
import { callWithDeadline } from './deadline';

const TIMEOUT_MS = 2000;
/**
 * A worker that waits for tasks asks for them at least every 60 s. Temporal lists it for five
 * minutes.
 */
const POLLS_WITHIN_MS = 75_000;
const { TASK_QUEUE_TYPE_WORKFLOW } = proto.api.enums.v1.TaskQueueType;
const { WORKER_VERSIONING_MODE_VERSIONED } = proto.api.enums.v1.WorkerVersioningMode;

/**
 * Reads which version gets the workflow tasks of a task queue, and how many workers it has.
 *
 * @param own - the version of this process
 */
export async function readDeploymentState(
  temporal: Pick<TemporalLink, 'use'>,
  taskQueue: string,
  own: DeploymentVersion,
): Promise<DeploymentState> {
  const { pollers, versioningInfo } = await callWithDeadline(
    temporal,
    (client) =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
      }),
    TIMEOUT_MS,
  );
  const current = keyOf(versioningInfo?.currentDeploymentVersion);
  const since = Date.now() - POLLS_WITHIN_MS;
  const workers = pollers.filter(({ deploymentOptions, lastAccessTime }) => {
    const isVersioned = deploymentOptions?.workerVersioningMode === WORKER_VERSIONING_MODE_VERSIONED;
    const version = isVersioned ? keyOf(deploymentOptions) : UNVERSIONED;
    return version === current && requiredTsToMs(lastAccessTime, 'lastAccessTime') > since;
  });
  return { isCurrent: current === keyOf(own), workers: workers.length };
}

type VersionFields = { [Field in keyof DeploymentVersion]?: string | null };

/** Without a current version, workers that are not versioned get the tasks. */
const UNVERSIONED = '';

function keyOf(version: VersionFields | null | undefined): string {
  return version?.buildId ? `${version.deploymentName}/${version.buildId}` : UNVERSIONED;
}
