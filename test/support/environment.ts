/**
 * Environment variables by which the global setup passes the addresses of the servers to the tests.
 */
export const ENV = {
  directory: 'SIGNPOST_TEST_DIRECTORY',
  postgres: 'SIGNPOST_TEST_POSTGRES',
  temporal: 'SIGNPOST_TEST_TEMPORAL',
  temporalCli: 'SIGNPOST_TEST_TEMPORAL_CLI',
  testServer: 'SIGNPOST_TEST_TIME_SKIPPING_SERVER',
  bundle: 'SIGNPOST_TEST_WORKFLOW_BUNDLE',
  chromium: 'SIGNPOST_TEST_CHROMIUM',
} as const;

/** The migrated database that tests clone. */
export const TEMPLATE = 'signpost_template';

/** @throws Error if the global setup did not run */
export function fromSetup(name: keyof typeof ENV): string {
  const value = process.env[ENV[name]];
  if (!value) throw new Error(`${ENV[name]} is not set: the global setup did not run.`);
  return value;
}
