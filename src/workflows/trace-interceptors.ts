import {
  ContinueAsNew,
  defaultPayloadConverter,
  isCancellation,
  proxySinks,
  workflowInfo,
  type WorkflowInterceptorsFactory,
} from '@temporalio/workflow';
import { formatTraceparent, parseTraceparent, spanIdOfRun } from '../domain/trace-context';
import { TRACE_HEADER, type TraceSinks } from '../domain/workflow-trace';

/**
 * Continues the trace of a start in the activities of the workflow, and reports the end of the run.
 * Without the header of a start, does nothing. It schedules nothing itself, so the commands of a
 * workflow are the same with and without it.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let started: string | undefined;
  let own: string | undefined;
  const withTrace = <Input extends { headers: Record<string, unknown> }>(input: Input): Input =>
    own === undefined
      ? input
      : { ...input, headers: { ...input.headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(own) } };

  return {
    inbound: [
      {
        async execute(input, next) {
          started = readHeader(input.headers[TRACE_HEADER]);
          if (started === undefined) return next(input);
          own = ownTraceparent(started);
          const report = (failed: boolean) => proxySinks<TraceSinks>().trace.ended(started!, failed);
          try {
            const result = await next(input);
            report(false);
            return result;
          } catch (error) {
            report(!(error instanceof ContinueAsNew) && !isCancellation(error));
            throw error;
          }
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(withTrace(input)),
        scheduleLocalActivity: (input, next) => next(withTrace(input)),
      },
    ],
  };
};

function ownTraceparent(started: string): string | undefined {
  const context = parseTraceparent(started);
  const spanId = spanIdOfRun(workflowInfo().runId);
  return context && spanId && formatTraceparent({ ...context, spanId });
}

/** Anybody with access to Temporal may start a workflow, with whatever header. */
function readHeader(payload: Parameters<typeof defaultPayloadConverter.fromPayload>[0] | undefined) {
  if (!payload) return undefined;
  try {
    const value: unknown = defaultPayloadConverter.fromPayload(payload);
    return parseTraceparent(value) ? (value as string) : undefined;
  } catch {
    return undefined;
  }
}
