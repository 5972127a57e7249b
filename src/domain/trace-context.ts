/**
 * The trace context of W3C Trace Context, as the header `traceparent` carries it. It is stored with
 * an event and sent to receivers, so only what this version defines is taken over.
 */

/** Longest header that is looked at. Later versions may append fields. */
const MAX_LENGTH = 256;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const SAMPLED = 1;

/** A place in a trace: the span that what follows belongs to. */
export interface TraceContext {
  traceId: string;
  spanId: string;
  sampled: boolean;
}

/**
 * Reads a `traceparent`. One of a later version is read as if it were of this one.
 *
 * @returns undefined if it is absent or invalid: then a new trace begins
 */
export function parseTraceparent(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string' || header.length > MAX_LENGTH) return undefined;
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || version === 'ff') return undefined;
  if (version === '00' && rest !== undefined) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags!, 16) & SAMPLED) === SAMPLED };
}

/** Writes a `traceparent` of version 00, always 55 characters. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** @returns the header as this version writes it; undefined if it is absent or invalid */
export function readTraceparent(header: unknown): string | undefined {
  const context = parseTraceparent(header);
  return context && formatTraceparent(context);
}

/** The id of the trace of a valid header, if it is sampled: only then it is exported. */
export function sampledTraceId(traceparent: string | undefined): string | undefined {
  return traceparent?.endsWith('-01') ? traceparent.slice(3, 35) : undefined;
}

/** Whether two valid headers are of the same trace. */
export function isSameTrace(one: string, other: string): boolean {
  return one.slice(3, 35) === other.slice(3, 35);
}

/**
 * The span id of a workflow run. It follows from the id of the run, so the workflow needs no random
 * numbers, which would differ in a replay.
 */
export function spanIdOfRun(runId: string): string | undefined {
  const spanId = runId.replaceAll('-', '').slice(-16);
  return /^[0-9a-f]{16}$/.test(spanId) && spanId !== NO_SPAN ? spanId : undefined;
}
