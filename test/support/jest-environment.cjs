const { ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

/** Registered symbols of Jest's state. Its other symbols are not registered. */
const JEST_SYMBOLS = new Set([
  'EVENT_HANDLERS',
  'LOG_ERRORS_BEFORE_RETRY',
  'RETRY_IMMEDIATELY',
  'RETRY_TIMES',
  'TEST_TIMEOUT_SYMBOL',
  'WAIT_BEFORE_RETRY',
]);

/**
 * Runs tests in the realm of the process, where Jest would make a new one for each file. Packages
 * can then be loaded once per worker (jest-runtime.cjs), and `instanceof` holds between them and the
 * sources. Access to globals is faster, too, since Jest puts a proxy in front of those of a realm.
 *
 * What a file changes in the realm is restored at its end: globals, environment variables, and
 * listeners of the process.
 */
module.exports = class OneRealm {
  constructor({ projectConfig }) {
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimers = null;
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
    this.before = {
      globals: Object.getOwnPropertyDescriptors(globalThis),
      env: { ...process.env },
      exit: process.exit,
      prepareStackTrace: Error.prepareStackTrace,
      listeners: listenersOfProcess(),
    };
    Error.stackTraceLimit = 100;
  }

  async setup() {}

  async teardown() {
    const { globals, env, exit, prepareStackTrace, listeners } = this.before;
    this.fakeTimersModern.dispose();
    for (const key of Reflect.ownKeys(globalThis)) {
      if (!Object.hasOwn(globals, key)) {
        if (isOfJest(key)) delete globalThis[key];
      } else if (globals[key].configurable) Object.defineProperty(globalThis, key, globals[key]);
    }
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    process.exit = exit;
    Error.prepareStackTrace = prepareStackTrace;
    for (const [event, listener] of listenersOfProcess()) {
      if (!listeners.some((old) => old[0] === event && old[1] === listener)) process.removeListener(event, listener);
    }
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** Only tells Jest that the environment exists: jest-runtime.cjs compiles for the realm of the process. */
  getVmContext() {
    return globalThis;
  }
};

/** Whether Jest keeps the state of one file under this key. Packages keep what must stay. */
function isOfJest(key) {
  if (typeof key !== 'symbol') return false;
  const name = Symbol.keyFor(key);
  return name === undefined || JEST_SYMBOLS.has(name);
}

function listenersOfProcess() {
  return process.eventNames().flatMap((event) => process.rawListeners(event).map((listener) => [event, listener]));
}
