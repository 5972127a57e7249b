import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Spectral, type RulesetDefinition } from '@stoplight/spectral-core';
import { asyncapi, oas } from '@stoplight/spectral-rulesets';
import { startTestApi, type TestApi } from '../../support/api';
import { tempDir } from '../../support/service';

/** The documents of the API, held to the rules that Redocly and Spectral recommend. */
const REDOCLY = path.join(__dirname, '..', '..', '..', 'node_modules', '@redocly', 'cli', 'bin', 'cli.js');
let api: TestApi;
let key: string;

beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.tenant('rules'));
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { amount: { $ref: '#/definitions/amount' }, next: { $ref: '#' } },
    definitions: { amount: { type: 'number', minimum: 0 } },
  };
  await api.must(
    'PUT',
    '/v1/event-types/payment.confirmed.v1',
    { description: 'A payment was confirmed.', schema },
    key,
  );
  await api.must('PUT', '/v1/event-types/payment.refused.v1', {}, key);
});
afterAll(() => api?.stop());

const DOCUMENTS = [
  ['/openapi.json', 'without a credential', () => null, oas],
  ['/asyncapi.json', 'without a credential', () => null, asyncapi],
  ['/asyncapi.json', 'with a credential', () => key, asyncapi],
] as const;

it.each(DOCUMENTS)("%s %s follows Spectral's recommended rules without warnings", async (url, _, as, rules) => {
  const spectral = new Spectral();
  spectral.setRuleset({
    extends: [[rules as RulesetDefinition, 'recommended']],
    // It wants an email address, and Signpost does not know that of its operator.
    rules: rules === asyncapi ? { 'asyncapi-info-contact-properties': 'off' } : {},
  });
  const found = await spectral.run((await api.call('GET', url, { key: as() })).body as Record<string, unknown>);
  expect(found.map(({ code, path: place, message }) => [code, place.join('/'), message])).toEqual([]);
});

it.each(DOCUMENTS)("%s %s follows Redocly's recommended rules without warnings", async (url, _, as) => {
  const directory = tempDir();
  const file = path.join(directory, 'document.json');
  writeFileSync(file, JSON.stringify((await api.call('GET', url, { key: as() })).body));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [REDOCLY, 'lint', file, '--extends', 'recommended', '--format', 'json'],
    {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const { problems = [] } = (stdout.startsWith('{') ? JSON.parse(stdout) : {}) as { problems?: object[] };
  expect({ problems: problems.slice(0, 5), status, stderr: status === 0 ? '' : stderr }).toEqual({
    problems: [],
    status: 0,
    stderr: '',
  });
});
