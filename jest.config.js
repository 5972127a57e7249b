/** Strips the types without checking them; `npm run types` checks. */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      // Keeps import() as written: it loads packages that exist only as ES modules.
      module: { type: 'commonjs', ignoreDynamic: true },
    },
  ],
};
const project = (displayName, folders) => ({
  displayName,
  transform,
  runtime: '<rootDir>/test/support/jest-runtime.cjs',
  testEnvironment: '<rootDir>/test/support/jest-environment.cjs',
  resolver: '<rootDir>/test/support/resolver.cjs',
  roots: ['<rootDir>/test'],
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  // Long tests run with `npm run faults` only, slow tests with `npm run test:slow` only.
  testPathIgnorePatterns: [
    ...(process.env.SIGNPOST_LONG_FAULTS ? [] : ['/test/.+/long/']),
    ...(process.env.SIGNPOST_SLOW_TESTS ? [] : ['/test/slow/']),
  ],
});

module.exports = {
  projects: [
    project('unit', ['domain', 'config', 'process', 'service', 'delivery', 'docs', 'bench']),
    project('store', ['store', 'activities', 'attempts', 'composition']),
    project('workflows', ['workflows', 'replay']),
    project('api', ['api', 'temporal']),
    project('sdk', ['sdk']),
    project('cli', ['cli']),
    project('web', ['web']),
    project('e2e', ['e2e', 'documents', 'embedded', 'faults']),
    project('slow', ['slow']),
  ],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testSequencer: '<rootDir>/test/support/sequencer.mjs',
  // A bound for what hangs, on a machine that is busy.
  testTimeout: 180_000,
  // Half of the time of a file is spent waiting: more workers than processors keep them busy.
  maxWorkers: 4,
  // Tests that mostly wait run at the same time, by `it.concurrent`.
  maxConcurrency: 20,
};
