import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { InjectedSinks, WorkerOptions } from '@temporalio/worker';
import { readTraceparent, spanIdOfRun } from '../domain/trace-context';
import { TRACE_HEADER, type TraceSinks } from '../domain/workflow-trace';
import type { Tracing } from '../process/tracing';

/**
 * Starts workflows in spans of their own, which the workflows continue. A start outside of any
 * trace, as by the reconciler, begins none.
 */
export function clientTracing(tracing: Tracing): WorkflowClientInterceptor {
  const started = <Input extends { workflowType: string; headers: Headers }, Result>(
    input: Input,
    start: (input: Input) => Promise<Result>,
  ): Promise<Result> => {
    const parent = tracing.active();
    if (parent === undefined) return start(input);
    const name = `start ${input.workflowType}`;
    return tracing.run(
      () => ({ name, kind: 'producer', parent }),
      ({ traceparent }) => start({ ...input, headers: withHeader(input.headers, traceparent) }),
    );
  };
  return {
    startWithDetails: (input, next) => started(input, next),
    signalWithStart: (input, next) => started(input, next),
  };
}

function withHeader(headers: Headers, traceparent: string | undefined): Headers {
  return traceparent === undefined
    ? headers
    : { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(traceparent) };
}

/**
 * Runs the activities of a traced workflow in spans, and records a span for each run of one. A
 * worker needs the sink even with tracing off: an API with tracing on may start its workflows.
 */
export function workerTracing(tracing: Tracing): Pick<WorkerOptions, 'interceptors' | 'sinks'> {
  const sinks: InjectedSinks<TraceSinks> = {
    trace: {
      ended: {
        callDuringReplay: false,
        fn({ workflowType, runId, runStartTime }, traceparent, failed) {
          const spanId = spanIdOfRun(runId);
          if (!spanId) return;
          tracing.record({
            name: workflowType,
            kind: 'internal',
            parent: traceparent,
            spanId,
            startedAt: runStartTime,
            endedAt: new Date(),
            failed,
          });
        },
      },
    },
  };
  return tracing.isOn ? { sinks, interceptors: { activity: [activityTracing(tracing)] } } : { sinks };
}

type ActivityInterceptorsFactory = NonNullable<NonNullable<WorkerOptions['interceptors']>['activity']>[number];

function activityTracing(tracing: Tracing): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute(input, next) {
        const parent = readHeader(input.headers[TRACE_HEADER]);
        if (parent === undefined) return next(input);
        const attributes = { 'signpost.activity.attempt': info.attempt };
        return tracing.run(
          () => ({ name: info.activityType, kind: 'internal', parent, attributes }),
          () => next(input),
        );
      },
    },
  });
}

function readHeader(payload: Headers[string] | undefined): string | undefined {
  if (!payload) return undefined;
  try {
    return readTraceparent(defaultPayloadConverter.fromPayload(payload));
  } catch {
    return undefined;
  }
}
