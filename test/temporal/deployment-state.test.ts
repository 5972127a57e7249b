import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { temporal as proto } from '@temporalio/proto';
import type { Temporal } from '../../src/temporal/connection';
import { readDeploymentState } from '../../src/temporal/deployment-state';

const OWN = { deploymentName: 'signpost', buildId: '2' };
const { WORKER_VERSIONING_MODE_VERSIONED } = proto.api.enums.v1.WorkerVersioningMode;

/** A server that knows these workers: their build, and the seconds since they polled. */
function withPollers(currentBuildId: string | null, pollers: [buildId: string | null, secondsAgo: number][]) {
  const client = {
    options: { namespace: 'default' },
    withDeadline: (_: number, call: () => unknown) => call(),
    workflowService: {
      describeTaskQueue: async () => ({
        versioningInfo: currentBuildId && {
          currentDeploymentVersion: { deploymentName: 'signpost', buildId: currentBuildId },
        },
        pollers: pollers.map(([buildId, secondsAgo]) => ({
          lastAccessTime: msToTs(Date.now() - secondsAgo * 1000),
          deploymentOptions: buildId && {
            deploymentName: 'signpost',
            buildId,
            workerVersioningMode: WORKER_VERSIONING_MODE_VERSIONED,
          },
        })),
      }),
    },
  } as unknown as Client;
  return { use: () => ({ client }) as Temporal };
}

it.each([
  ['counts the workers of the current version', '2', ['2', '2', '1', null], true, 2],
  ['counts those of another build if that is current', '1', ['2', '1'], false, 1],
  ['finds none if the current version was never started', '3', ['2', null], false, 0],
  ['counts workers without a version if there is no current one', null, ['2', null], false, 1],
] as const)('the state of a deployment %s', async (_, current, builds, isCurrent, workers) => {
  const temporal = withPollers(
    current,
    builds.map((build) => [build, 61]),
  );
  expect(await readDeploymentState(temporal, 'signpost', OWN)).toEqual({ isCurrent, workers });
});

it('a worker that has not polled for longer than a poll takes is not counted', async () => {
  const temporal = withPollers('2', [['2', 80]]);
  expect(await readDeploymentState(temporal, 'signpost', OWN)).toEqual({ isCurrent: true, workers: 0 });
});
