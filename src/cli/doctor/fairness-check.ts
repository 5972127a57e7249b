import { Connection } from '@temporalio/client';
import { MAIN_TASK_QUEUE, SLOW_TASK_QUEUE_SUFFIX } from '../../domain/delivery';
import { connectionOptions, type TemporalSettings } from '../../temporal/connection';
import type { Check, Result } from './check';
import { fieldsOf, integerField, messageField, textField } from './protobuf';

/**
 * Only the administration API of the server shows whether a task queue works by fairness keys. Its
 * messages are not in the SDK. The names of fields are those of
 * temporal/server/api/taskqueue/v1/message.proto.
 */
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
      const partition = [textField(1, name), integerField(2, type), ...(id > 0 ? [integerField(3, id)] : [])];
      // The queue without a version, and all versions.
      const versions = [integerField(2, 1), integerField(3, 1)];
      const request = [textField(1, namespace), messageField(2, partition), messageField(3, versions)];
      return call(connection, Buffer.concat(request));
    }),
  );
  return answers.flatMap(statesIn);
}

function call(connection: Connection, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { client } = connection as unknown as { client: GrpcClient };
    client.makeUnaryRequest(
      DESCRIBE_PARTITION,
      (message) => message,
      (message) => message,
      request,
      { deadline: Date.now() + TIMEOUT_MS },
      (error, answer) => (error ? reject(error) : resolve(answer ?? Buffer.alloc(0))),
    );
  });
}

/**
 * Reads the states of the queues in an answer: `versions_info_internal` (1), a map with values (2)
 * that have `physical_task_queue_info` (2) with many `internal_task_queue_status` (3).
 */
function statesIn(answer: Buffer): QueueState[] {
  return fieldsOf(answer, 1)
    .flatMap((entry) => fieldsOf(entry, 2))
    .flatMap((info) => fieldsOf(info, 2))
    .flatMap((queue) => fieldsOf(queue, 3))
    .flatMap(stateOf);
}

function stateOf(status: Buffer): QueueState[] {
  const has = (...numbers: number[]) => numbers.some((number) => fieldsOf(status, number).length > 0);
  // `draining`: the queue that was in use before the setting was changed.
  if (has(10)) return [];
  // `fair_read_level`, `fair_ack_level` and `fair_max_read_level`.
  if (has(7, 8, 9)) return ['fair'];
  // `read_level`, `ack_level` and `max_read_level`.
  return has(1, 2, 6) ? ['in order'] : [];
}
