/** Type checking is `npm run types`; here the code is only stripped of its types. */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      // Packages that exist as ES modules only are loaded by import(), which must stay as written.
      module: { type: 'commonjs', ignoreDynamic: true },
    },
  ],
};
const project = (displayName, folders) => ({
  displayName,
  transform,
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
});

module.exports = {
  projects: [
    project('unit', ['domain', 'config', 'process', 'delivery', 'docs', 'bench']),
    project('store', ['store', 'activities', 'attempts', 'composition']),
    project('workflows', ['workflows', 'replay']),
    project('api', ['api', 'temporal']),
    {
      ...project('sdk', ['sdk']),
      // The SDK's sources name each other as they will be called once compiled, as ES modules must.
      moduleNameMapper: { '^(\\.{1,2}/[a-z/-]+)\\.js$': '$1' },
    },
    project('cli', ['cli']),
    project('web', ['web']),
    project('e2e', ['e2e', 'documents', 'embedded', 'faults']),
  ],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testTimeout: 60_000,
  maxWorkers: 2,
};
