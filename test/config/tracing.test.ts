import { loadConfig } from '../../src/config';
import { maskedSummary } from '../../src/config/masked-summary';

const tracingOf = (env: Record<string, string>) => loadConfig(env).tracing;

it.each<[string, Record<string, string>]>([
  ['no setting is given', {}],
  ['only the name of the service is given', { OTEL_SERVICE_NAME: 'webhooks' }],
  [
    'the exporter `none` is chosen',
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
  ],
  ['the SDK is disabled', { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }],
])('leaves traces off if %s', (_case, env) => {
  expect(tracingOf(env)).toBeUndefined();
});

it('exports to the default collector of OpenTelemetry if only the exporter is named', () => {
  expect(tracingOf({ OTEL_TRACES_EXPORTER: 'otlp' })).toEqual({
    url: 'http://localhost:4318/v1/traces',
    protocol: 'http/protobuf',
    headers: {},
    serviceName: 'signpost',
    resourceAttributes: {},
    sampler: { name: 'parentbased_always_on', ratio: 1 },
  });
});

it.each([
  ['http://collector:4318', 'http://collector:4318/v1/traces'],
  ['http://collector:4318/', 'http://collector:4318/v1/traces'],
  ['https://collector.example/otlp', 'https://collector.example/otlp/v1/traces'],
])('posts traces below the endpoint %s', (endpoint, url) => {
  expect(tracingOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toMatchObject({ url });
});

it('uses an endpoint of traces as it is', () => {
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/custom' };
  expect(tracingOf(env)).toMatchObject({ url: 'http://collector:4318/custom' });
});

it('masks headers and the credentials of the URL in the summary', () => {
  const config = loadConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://hidden-user:hidden-password@collector.example/?token=hidden',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=hidden',
  });
  const { tracing } = maskedSummary(config);
  expect(JSON.stringify(tracing)).not.toContain('hidden');
  expect(tracing).toMatchObject({ headers: { 'x-key': '***' } });
});
