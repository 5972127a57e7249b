type SpanValue = string | number | boolean;

/** Attributes of a span: ids of ours, names and codes. Never a payload, a secret or a URL. */
export type SpanAttributes = Readonly<Record<string, SpanValue | undefined>>;

/** A span that begins. */
export interface SpanFacts {
  name: string;
  /** `server` and `client`: a request; `producer`: the start of a workflow. */
  kind: 'server' | 'client' | 'producer' | 'internal';
  /** The `traceparent` that it belongs to. Absent: a new trace begins. */
  parent?: string;
  /** Further places in other traces, as `traceparent`. At most 64 are kept. */
  links?: readonly string[];
  /** @default now */
  startedAt?: Date;
  attributes?: SpanAttributes;
}

/** A span that has begun. */
export interface Span {
  /** What follows continues here. `undefined` while tracing is off. */
  readonly traceparent: string | undefined;
  set(attributes: SpanAttributes): void;
  /** Marks the span as failed. @param type - a class of errors, never a message */
  fail(type: string): void;
}

/** A span that is over, with its id. */
export interface PastSpan extends SpanFacts {
  spanId: string;
  startedAt: Date;
  endedAt: Date;
  failed: boolean;
}

/** Spans of this process. With tracing off, every call does as little as possible. */
export interface Tracing {
  readonly isOn: boolean;
  /**
   * Runs work in a span, which ends with it. Log lines of the work carry the ids of the span.
   *
   * @param facts - called only if tracing is on
   */
  run<T>(facts: () => SpanFacts, work: (span: Span) => T): T;
  /**
   * Runs work as part of a trace, without a span of its own.
   *
   * @param traceparent - undefined: part of none, for what outlives the current span
   */
  continue<T>(traceparent: string | undefined, work: () => T): T;
  /** The `traceparent` of the work in progress. */
  active(): string | undefined;
  /** Records a span that is over. */
  record(span: PastSpan): void;
  /** Exports what is left, for at most 2 s. */
  close(): Promise<void>;
}

const NO_SPAN: Span = { traceparent: undefined, set: () => undefined, fail: () => undefined };

/** Tracing that is off. */
export const NO_TRACING: Tracing = {
  isOn: false,
  run: (_facts, work) => work(NO_SPAN),
  continue: (_traceparent, work) => work(),
  active: () => undefined,
  record: () => undefined,
  close: () => Promise.resolve(),
};
