const { createRequire } = require('node:module');
const path = require('node:path');
const { compileFunction, constants } = require('node:vm');
const { default: JestRuntime } = require('jest-runtime');

const PACKAGES = `${path.sep}node_modules${path.sep}`;
/** Compiled modules by file name. Each test file evaluates them again. */
const compiled = new Map();

/**
 * Saves most of the processor time that Jest spends on modules. It loads packages by Node's own
 * `require`, once per worker, and compiles the sources once per worker. The modules of the sources
 * and tests are still evaluated for each test file, so that no state of theirs is shared. This needs
 * the realm of the process (jest-environment.cjs).
 */
module.exports = class Runtime extends JestRuntime {
  constructor(...options) {
    super(...options);
    const { executor } = this;
    executor.compile = (code, filename) => {
      const known = compiled.get(filename);
      if (known?.code === code) return known.compiledFunction;
      const compiledFunction = compileFunction(code, executor.injectedModuleParameters, {
        filename,
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      });
      compiled.set(filename, { code, compiledFunction });
      return compiledFunction;
    };
  }

  requireModule(from, moduleName, options, isRequireActual) {
    if (!options?.isInternalModule && moduleName && /^[^./]/.test(moduleName) && this.isPackage(from, moduleName))
      return createRequire(from)(moduleName);
    return super.requireModule(from, moduleName, options, isRequireActual);
  }

  isPackage(from, moduleName) {
    if (this._resolution.isCoreModule(moduleName)) return false;
    try {
      return this._resolution.resolveCjs(from, moduleName).includes(PACKAGES);
    } catch {
      return false;
    }
  }
};
