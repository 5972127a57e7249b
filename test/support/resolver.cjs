const path = require('node:path');

const SDK = path.join(__dirname, '..', '..', 'sdk', 'src');

/**
 * Tests use the sources of the SDK, without a build. As ES modules require, these import each other
 * by their compiled names, in .js.
 */
module.exports = (request, options) => {
  if (request === '@signpost/sdk') return path.join(SDK, 'index.ts');
  const isOfSdk = options.basedir.startsWith(SDK) && request.startsWith('.');
  return options.defaultResolver(isOfSdk ? request.replace(/\.js$/, '') : request, options);
};
