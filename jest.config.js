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
/** Packages that exist only as ES modules and that the sources import statically. */
const esModules = 'oauth4webapi|openid-client|jose';
transform[`/node_modules/(${esModules})/.+\\.js$`] = [
  '@swc/jest',
  { jsc: { target: 'es2022' }, module: { type: 'commonjs' } },
];
const project = (displayName, folders) => ({
  displayName,
  transform,
  transformIgnorePatterns: [`/node_modules/(?!(${esModules})/)`],
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  // Tests of long outages run with `npm run faults` only.
  testPathIgnorePatterns: process.env.SIGNPOST_LONG_FAULTS ? [] : ['/test/faults/long/'],
});

module.exports = {
  projects: [
    project('unit', ['domain', 'config', 'process', 'delivery', 'docs', 'bench']),
    project('store', ['store', 'activities', 'attempts', 'composition']),
    project('workflows', ['workflows', 'replay']),
    project('api', ['api', 'temporal']),
    {
      ...project('sdk', ['sdk']),
      // As ES modules require, the SDK's sources import each other by their compiled names, in .js.
      moduleNameMapper: { '^(\\.{1,2}/[a-z/-]+)\\.js$': '$1' },
    },
    project('cli', ['cli']),
    project('web', ['web']),
    project('e2e', ['e2e', 'documents', 'embedded', 'faults']),
  ],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testSequencer: '<rootDir>/test/support/sequencer.mjs',
  testTimeout: 60_000,
  maxWorkers: 2,
};
