import { msToTs, tsToMs } from '@temporalio/common/lib/time';
import { callWithDeadline } from '../../temporal/deadline';
import type { TemporalLink } from '../../temporal/connection';
import { isNotFound } from '../../temporal/namespace-keeper';
import { ensureSearchAttributes, missingSearchAttributes, registerCommand } from '../../temporal/search-attributes';
import type { Check, Result } from './check';

const HOUR_MS = 3_600_000;
/** Shorter, and a failed notification has no history by the time somebody looks at it. */
const LEAST_RETENTION_HOURS = 72;
const CALL_TIMEOUT_MS = 5000;

/** Checks of Temporal. */
export function temporalChecks(temporal: TemporalLink, namespace: string): Check[] {
  return [
    { name: 'temporal', run: () => versionOf(temporal) },
    { name: 'namespace', run: () => namespaceResult(temporal, namespace) },
    { name: 'history-retention', run: () => retentionResult(temporal, namespace) },
    { name: 'search-attributes', run: () => attributesResult(temporal, namespace) },
  ];
}

async function versionOf(temporal: TemporalLink): Promise<Result> {
  const { serverVersion } = await callWithDeadline(
    temporal,
    (client) => client.workflowService.getSystemInfo({}),
    CALL_TIMEOUT_MS,
  );
  return { status: 'ok', detail: `Temporal ${serverVersion}` };
}

async function namespaceResult(temporal: TemporalLink, namespace: string): Promise<Result> {
  try {
    await describe(temporal, namespace);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return {
      status: 'fail',
      detail: `The namespace ${namespace} does not exist. Run: temporal operator namespace create --namespace ${namespace} --retention ${LEAST_RETENTION_HOURS}h`,
    };
  }
  return { status: 'ok', detail: namespace };
}

async function retentionResult(temporal: TemporalLink, namespace: string): Promise<Result> {
  const { config } = await describe(temporal, namespace);
  const hours = tsToMs(config?.workflowExecutionRetentionTtl) / HOUR_MS;
  if (hours >= LEAST_RETENTION_HOURS) return { status: 'ok', detail: `histories are kept for ${hours} h` };
  return {
    status: 'warn',
    detail: `Temporal keeps the histories of closed notifications for ${hours} h, less than ${LEAST_RETENTION_HOURS} h: the Temporal UI cannot show or reset older ones.`,
    async repair() {
      await callWithDeadline(
        temporal,
        (client) =>
          client.workflowService.updateNamespace({
            namespace,
            config: { workflowExecutionRetentionTtl: msToTs(LEAST_RETENTION_HOURS * HOUR_MS) },
          }),
        CALL_TIMEOUT_MS,
      );
      return `raised from ${hours} h to ${LEAST_RETENTION_HOURS} h`;
    },
  };
}

async function attributesResult(temporal: TemporalLink, namespace: string): Promise<Result> {
  const { connection } = temporal.use();
  const within = <T>(work: () => Promise<T>) => connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, work);
  const missing = await within(() => missingSearchAttributes(temporal.use()));
  if (missing === undefined)
    return { status: 'warn', detail: 'This credential may not list the search attributes of Temporal.' };
  if (missing.length === 0) return { status: 'ok', detail: 'all are registered' };
  const command = registerCommand(namespace);
  return {
    status: 'warn',
    detail: `Workflows cannot be found by customer and subscription; missing: ${missing.join(', ')}. Run: ${command}`,
    async repair() {
      if (!(await within(() => ensureSearchAttributes(temporal.use()))))
        throw new Error(`this credential may not register them, or the namespace has no room. Run: ${command}`);
      return `registered: ${missing.join(', ')}`;
    },
  };
}

function describe(temporal: TemporalLink, namespace: string) {
  return callWithDeadline(
    temporal,
    (client) => client.workflowService.describeNamespace({ namespace }),
    CALL_TIMEOUT_MS,
  );
}
