const vm = require('node:vm');
const { TestEnvironment } = require('jest-environment-node');

const { compileFunction } = vm;

/**
 * Lets V8 reuse what it compiled for an earlier test file of the worker. Jest compiles the modules
 * of each test file by `vm.compileFunction`, whose results V8 does not keep, and it keeps those of
 * `vm.Script`. Each file still evaluates all of its modules in a realm of its own.
 */
vm.compileFunction = (code, parameters, options) => {
  if (!options?.parsingContext) return compileFunction(code, parameters, options);
  const { parsingContext, ...scriptOptions } = options;
  const head = `(function (${parameters.join(', ')}) {`;
  // The head must not move the columns of the first line.
  const script = new vm.Script(`${head}${code}\n})`, { ...scriptOptions, columnOffset: -head.length });
  return script.runInContext(parsingContext);
};

module.exports = TestEnvironment;
