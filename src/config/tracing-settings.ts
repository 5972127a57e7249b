import { z } from 'zod';
import { parseUrl } from '../domain/parse-url';
import { setting, text, type Setting } from './setting';

const PROTOCOLS = ['http/protobuf', 'http/json'] as const;
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const TRACES_PATH = '/v1/traces';
/** `name=value` pairs, separated by commas, with values percent-encoded. */
const PAIRS = /^\s*[!#$%&'*+.^_`|~\w-]+\s*=[^,]*(,\s*[!#$%&'*+.^_`|~\w-]+\s*=[^,]*)*$/;

const endpoint = z.url({ protocol: /^https?$/ }).optional();
const protocol = z.enum(PROTOCOLS).optional();
const pairs = z
  .string()
  .regex(PAIRS)
  .transform((value, context) => {
    try {
      return Object.fromEntries(
        value.split(',').map((pair) => {
          const [name, ...rest] = pair.split('=');
          return [name!.trim(), decodeURIComponent(rest.join('=').trim())];
        }),
      );
    } catch {
      context.addIssue('not percent-encoded');
      return z.NEVER;
    }
  })
  .optional();
const PAIRS_EXPECTED = '`name=value` pairs, separated by commas, with values percent-encoded';

/**
 * Settings of traces. The names and meanings are those of OpenTelemetry, so that a platform can set
 * them for all of its services.
 */
export const TRACING_SETTINGS = {
  OTEL_TRACES_EXPORTER: setting(z.enum(['otlp', 'none']).optional(), {
    default: '`otlp` if an endpoint is set, else `none`',
    expected: '`otlp` or `none`',
    meaning:
      'Whether traces are exported. With `none`, no part of the SDK of OpenTelemetry is loaded. See [Traces](traces.md).',
  }),
  OTEL_SDK_DISABLED: setting(z.enum(['true', 'false']).default('false'), {
    default: 'false',
    expected: '`true` or `false`',
    meaning: 'With `true`, traces are off, whatever the other settings say.',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(endpoint, {
    default: 'http://localhost:4318 if `OTEL_TRACES_EXPORTER` is `otlp`, else none',
    expected: 'an http or https URL',
    meaning: 'URL of the collector. Traces are posted to `/v1/traces` below it.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: setting(endpoint, {
    default: 'from `OTEL_EXPORTER_OTLP_ENDPOINT`',
    expected: 'an http or https URL',
    meaning: 'URL that traces are posted to, used as it is.',
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: setting(protocol, {
    default: 'http/protobuf',
    expected: '`http/protobuf` or `http/json` (gRPC is not supported)',
    meaning: 'How spans are encoded.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: setting(protocol, {
    default: '`OTEL_EXPORTER_OTLP_PROTOCOL`',
    expected: '`http/protobuf` or `http/json` (gRPC is not supported)',
    meaning: 'How spans are encoded, if it differs for traces.',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: setting(pairs, {
    default: 'none',
    expected: PAIRS_EXPECTED,
    meaning: 'Headers for the collector, such as its API key.',
    secret: true,
  }),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: setting(pairs, {
    default: 'none',
    expected: PAIRS_EXPECTED,
    meaning: 'Further headers for traces. They replace those of the same name in `OTEL_EXPORTER_OTLP_HEADERS`.',
    secret: true,
  }),
  OTEL_SERVICE_NAME: setting(text, {
    default: 'signpost',
    expected: 'a name',
    meaning: 'Name of the service in traces. It replaces a `service.name` in `OTEL_RESOURCE_ATTRIBUTES`.',
  }),
  OTEL_RESOURCE_ATTRIBUTES: setting(pairs, {
    default: 'none',
    expected: PAIRS_EXPECTED,
    meaning: 'Attributes of all spans of the process, such as `deployment.environment.name=production`.',
  }),
  OTEL_TRACES_SAMPLER: setting(z.enum(SAMPLERS).default('parentbased_always_on'), {
    default: 'parentbased_always_on',
    expected: SAMPLERS.map((name) => `\`${name}\``).join(', '),
    meaning:
      "Which traces are exported. The `parentbased_` samplers follow the producer's decision if it sent a `traceparent`.",
  }),
  OTEL_TRACES_SAMPLER_ARG: setting(
    z
      .string()
      .regex(/^(0(\.\d+)?|1(\.0+)?)$/)
      .transform(Number)
      .optional(),
    {
      default: '1',
      expected: 'a number, 0 to 1',
      meaning: 'Share of the traces that `traceidratio` and `parentbased_traceidratio` export.',
    },
  ),
} satisfies Record<string, Setting<unknown>>;

type TracingValues = { [Name in keyof typeof TRACING_SETTINGS]: z.output<(typeof TRACING_SETTINGS)[Name]['schema']> };

/** How traces are exported. */
export interface TracingConfig {
  /** Where spans are posted. */
  url: string;
  protocol: (typeof PROTOCOLS)[number];
  headers: Record<string, string>;
  serviceName: string;
  resourceAttributes: Record<string, string>;
  sampler: { name: (typeof SAMPLERS)[number]; ratio: number };
}

/** @returns undefined if traces are off */
export function tracingOf(values: TracingValues): TracingConfig | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = values;
  const exporter = values.OTEL_TRACES_EXPORTER ?? ((base ?? own) ? 'otlp' : 'none');
  if (exporter === 'none' || values.OTEL_SDK_DISABLED === 'true') return undefined;
  const { 'service.name': named, ...resourceAttributes } = values.OTEL_RESOURCE_ATTRIBUTES ?? {};
  return {
    url: own ?? `${(base ?? 'http://localhost:4318').replace(/\/+$/, '')}${TRACES_PATH}`,
    protocol: values.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? values.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf',
    headers: { ...values.OTEL_EXPORTER_OTLP_HEADERS, ...values.OTEL_EXPORTER_OTLP_TRACES_HEADERS },
    serviceName: values.OTEL_SERVICE_NAME ?? named ?? 'signpost',
    resourceAttributes,
    sampler: { name: values.OTEL_TRACES_SAMPLER, ratio: values.OTEL_TRACES_SAMPLER_ARG ?? 1 },
  };
}

/** The port of the collector, if the URL names one. */
export function collectorPort({ url }: Pick<TracingConfig, 'url'>): number | undefined {
  const port = parseUrl(url)?.port;
  return port ? Number(port) : undefined;
}
