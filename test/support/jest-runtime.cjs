const { createRequire, isBuiltin } = require('node:module');
const { default: Runtime } = require('jest-runtime');

/** Packages of this repository, whose sources are tested. */
const OWN_PACKAGE = '@signpost/';

/**
 * Lets the test files of a worker share the packages that they use: those are evaluated once, and
 * not by each file. The sources of this repository are evaluated by each.
 */
module.exports = class SharedPackages extends Runtime {
  requireModuleOrMock(from, moduleName) {
    const isPackage = /^[\w@]/.test(moduleName) && !isBuiltin(moduleName) && !moduleName.startsWith(OWN_PACKAGE);
    if (!isPackage || moduleName === '@jest/globals') return super.requireModuleOrMock(from, moduleName);
    return createRequire(from)(moduleName);
  }
};
