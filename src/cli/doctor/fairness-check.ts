import { Connection } from '@temporalio/client';
import protobuf from 'protobufjs';
import { MAIN_TASK_QUEUE, SLOW_TASK_QUEUE_SUFFIX } from '../../domain/delivery';
import { connectionOptions, type TemporalSettings } from '../../temporal/connection';
import type { Check, Result } from './check';

/**
 * Only the administration API of the server shows whether a task queue works by fairness keys. Its
 * messages are not in the SDK. These are the fields that are needed, named as in
 * temporal/server/api/adminservice/v1 and temporal/server/api/taskqueue/v1. Levels are messages,
 * of which it only matters whether they are present.
 */
const { root: MESSAGES } = protobuf.parse(`
  syntax = "proto3";
  message Request { string namespace = 1; Partition task_queue_partition = 2; Versions build_ids = 3; }
  message Partition { string task_queue = 1; int32 task_queue_type = 2; int32 normal_partition_id = 3; }
  message Versions { bool unversioned = 2; bool all_active = 3; }
  message Response { map<string, VersionInfo> versions_info_internal = 1; }
  message VersionInfo { QueueInfo physical_task_queue_info = 2; }
  message QueueInfo { repeated QueueStatus internal_task_queue_status = 3; }
  message QueueStatus {
    int64 read_level = 1; int64 ack_level = 2; int64 max_read_level = 6;
    bytes fair_read_level = 7; bytes fair_ack_level = 8; bytes fair_max_read_level = 9;
    bool draining = 10;
  }`);
const REQUEST = MESSAGES.lookupType('Request');
const RESPONSE = MESSAGES.lookupType('Response');
const DESCRIBE_PARTITION = '/temporal.server.api.adminservice.v1.AdminService/DescribeTaskQueuePartition';
const WORKFLOW_TASKS = 1;
const ACTIVITY_TASKS = 2;
/** Queues in which customers take turns. */
const QUEUES = [
  { name: MAIN_TASK_QUEUE, type: WORKFLOW_TASKS },
  { name: MAIN_TASK_QUEUE + SLOW_TASK_QUEUE_SUFFIX, type: ACTIVITY_TASKS },
];
/** The default of a server. */
const PARTITIONS = 4;
const TIMEOUT_MS = 5000;
/** gRPC: PERMISSION_DENIED, UNIMPLEMENTED and UNAUTHENTICATED. */
const REFUSALS = [7, 12, 16];
const BY_HAND =
  'Check that matching.enableFairness is true in the dynamic configuration of Temporal, or that the namespace in Temporal Cloud has fairness.';

/** Checks that Temporal lets customers take turns in a backlog. */
export function fairnessCheck(settings: TemporalSettings): Check {
  return { name: 'fairness', run: () => fairnessResult(settings) };
}

async function fairnessResult(settings: TemporalSettings): Promise<Result> {
  // Temporal Cloud, which has no administration API.
  if (settings.apiKey !== undefined) return { status: 'ok', detail: `unknown with an API key. ${BY_HAND}` };
  const { address, tls } = await connectionOptions(settings, undefined);
  const connection = await Connection.connect({ address, tls, connectTimeout: TIMEOUT_MS });
  try {
    const states = await readStates(connection, settings.namespace);
    if (states.includes('fair')) return { status: 'ok', detail: 'customers take turns in a backlog' };
    return states.includes('in order')
      ? {
          status: 'warn',
          detail:
            'Temporal works through a backlog in order, so a customer with many notifications delays the others. Set matching.enableFairness to true in its dynamic configuration.',
        }
      : { status: 'ok', detail: `unknown until a task has waited for a worker. ${BY_HAND}` };
  } catch (error) {
    if (!REFUSALS.includes(Number((error as { code?: unknown }).code))) throw error;
    return { status: 'ok', detail: `unknown: Temporal does not show it to this credential. ${BY_HAND}` };
  } finally {
    await connection.close();
  }
}

/** The client of a connection, which its types keep for subclasses. */
interface GrpcClient {
  makeUnaryRequest(
    path: string,
    serialize: (message: Buffer) => Buffer,
    deserialize: (message: Buffer) => Buffer,
    request: Buffer,
    options: { deadline: number },
    callback: (error: Error | null, answer?: Buffer) => void,
  ): void;
}

/** How a queue hands out tasks. It is unknown while none has waited. */
type QueueState = 'fair' | 'in order';

async function readStates(connection: Connection, namespace: string): Promise<QueueState[]> {
  const partitions = QUEUES.flatMap((queue) => Array.from({ length: PARTITIONS }, (_, id) => ({ ...queue, id })));
  const answers = await Promise.all(
    partitions.map(({ name, type, id }) => {
      const taskQueuePartition = { taskQueue: name, taskQueueType: type, normalPartitionId: id };
      // The queue without a version, and all versions.
      const buildIds = { unversioned: true, allActive: true };
      return call(connection, { namespace, taskQueuePartition, buildIds });
    }),
  );
  return answers.flatMap(statesIn);
}

function call(connection: Connection, request: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { client } = connection as unknown as { client: GrpcClient };
    client.makeUnaryRequest(
      DESCRIBE_PARTITION,
      (message) => message,
      (message) => message,
      Buffer.from(REQUEST.encode(request).finish()),
      { deadline: Date.now() + TIMEOUT_MS },
      (error, answer) =>
        error ? reject(error) : resolve(RESPONSE.decode(answer ?? Buffer.alloc(0)) as unknown as Answer),
    );
  });
}

interface Answer {
  versionsInfoInternal: Record<string, { physicalTaskQueueInfo?: { internalTaskQueueStatus: object[] } | null }>;
}

function statesIn({ versionsInfoInternal }: Answer): QueueState[] {
  return Object.values(versionsInfoInternal)
    .flatMap(({ physicalTaskQueueInfo }) => physicalTaskQueueInfo?.internalTaskQueueStatus ?? [])
    .flatMap(stateOf);
}

function stateOf(status: object): QueueState[] {
  const has = (...names: string[]) => names.some((name) => Object.hasOwn(status, name));
  // The queue that was in use before the setting was changed.
  if (has('draining')) return [];
  if (has('fairReadLevel', 'fairAckLevel', 'fairMaxReadLevel')) return ['fair'];
  return has('readLevel', 'ackLevel', 'maxReadLevel') ? ['in order'] : [];
}
