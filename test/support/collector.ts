import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until';

/** A span as a collector got it. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  failed: boolean;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  durationMs: number;
}

/** A real receiver of OTLP over HTTP, in its JSON form. */
export interface Collector {
  endpoint: string;
  spans: CollectedSpan[];
  /** Everything that was posted, as text. */
  texts: string[];
  /** The headers of the last request. */
  headers: Record<string, unknown>;
  /** Attributes of the process that sent the last spans. */
  resource: Record<string, unknown>;
  /** Waits for spans with this name in a trace. @param count @default 1 */
  reaches(traceId: string, name: string, count?: number): Promise<CollectedSpan[]>;
  /** Handles requests in place of an answer. */
  answerRaw(handler: (response: ServerResponse) => void): void;
  close(): Promise<void>;
}

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status?: { code?: number };
  attributes?: KeyValue[];
  links?: { traceId: string; spanId: string }[];
}

const ERROR = 2;

/** Starts a collector on a free port. */
export async function startCollector(): Promise<Collector> {
  let raw: ((response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      collector.headers = request.headers;
      if (raw) return raw(response);
      const text = Buffer.concat(chunks).toString();
      collector.texts.push(text);
      const { resourceSpans } = JSON.parse(text) as {
        resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        collector.resource = valuesOf(resource.attributes);
        for (const { spans } of scopeSpans) collector.spans.push(...spans.map(toSpan));
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: Collector = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    texts: [],
    headers: {},
    resource: {},
    reaches: (traceId, name, count = 1) =>
      until(
        async () => collector.spans.filter((span) => span.traceId === traceId && span.name === name),
        (found) => found.length >= count,
      ),
    answerRaw: (handler) => void (raw = handler),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return collector;
}

function toSpan(span: OtlpSpan): CollectedSpan {
  const { traceId, spanId, parentSpanId, name, kind, status, attributes = [], links = [] } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    name,
    kind,
    failed: status?.code === ERROR,
    attributes: valuesOf(attributes),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    durationMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
  };
}

function valuesOf(attributes: KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
