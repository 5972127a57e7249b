const vm = require('node:vm');
const { LegacyFakeTimers, ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

const { compileFunction } = vm;
/** Stands for the realm of the worker, where Jest asks for the context of a test file. */
const OWN_REALM = {};

/**
 * Compiles modules for the realm of the worker, and lets V8 reuse what it compiled for an earlier
 * test file: it keeps the results of `vm.Script`, and not those of `vm.compileFunction`.
 */
vm.compileFunction = (code, parameters, options) => {
  if (options?.parsingContext !== OWN_REALM) return compileFunction(code, parameters, options);
  const head = `(function (${parameters.join(', ')}) {`;
  const script = new vm.Script(`${head}${code}\n})`, {
    filename: options.filename,
    // The head must not move the columns of the first line.
    columnOffset: -head.length,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext();
};

/**
 * Runs test files in the realm of their worker, one after the other, so that they can share the
 * packages they use (see jest-runtime.cjs). What a file changes in the realm is undone after it.
 */
module.exports = class OwnRealm {
  constructor({ projectConfig }) {
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    const timers = { config: projectConfig, global: globalThis, moduleMocker: this.moduleMocker };
    this.fakeTimers = new LegacyFakeTimers({
      ...timers,
      timerConfig: { idToRef: (id) => id, refToId: (timer) => timer },
    });
    this.fakeTimersModern = new ModernFakeTimers(timers);
    this.undo = [keepGlobals(), keepEnvironment(), keepListeners()];
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return OWN_REALM;
  }

  async setup() {}

  async teardown() {
    this.fakeTimers.dispose();
    this.fakeTimersModern.dispose();
    this.moduleMocker.restoreAllMocks();
    for (const undo of this.undo) undo();
  }
};

function keepGlobals() {
  const { exit } = process;
  const before = Object.getOwnPropertyDescriptors(globalThis);
  return () => {
    process.exit = exit;
    for (const key of Reflect.ownKeys(globalThis)) {
      const now = Object.getOwnPropertyDescriptor(globalThis, key);
      if (!now.configurable) continue;
      if (!before[key]) delete globalThis[key];
      else if ('value' in now && now.value !== before[key].value) Object.defineProperty(globalThis, key, before[key]);
    }
  };
}

function keepEnvironment() {
  const before = { ...process.env };
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  };
}

function keepListeners() {
  const before = new Map(process.eventNames().map((name) => [name, process.rawListeners(name)]));
  return () => {
    for (const name of process.eventNames())
      for (const listener of process.rawListeners(name))
        if (!before.get(name)?.includes(listener)) process.removeListener(name, listener);
  };
}
