/**
 * How a trace gets through a workflow: the client puts a `traceparent` into the header of the
 * start, and the workflow puts its own into the headers of its activities. Headers are no commands,
 * so a history replays with and without them.
 */

/** Name of the header of a workflow start and of an activity. Its value is JSON text. */
export const TRACE_HEADER = 'traceparent';

/** What a workflow reports to its worker, in the form that the SDK wants. */
export type TraceSinks = {
  trace: {
    /** The run has ended. @param traceparent - the start that it belongs to */
    ended(traceparent: string, failed: boolean): void;
  };
};
