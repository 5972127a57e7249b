import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = path.resolve(import.meta.dirname, '..');
const SDK = path.join(ROOT, 'sdk', 'src', 'index.ts');

/**
 * Bundles a command line with the SDK. The dependencies of its package stay imports. Any other
 * package is an error, because it would be missing where the command line is installed.
 *
 * @param {object} options
 * @param {string} options.input - the file that starts it
 * @param {string} options.file - the file to write
 * @param {string} options.manifest - the package.json with the dependencies
 * @param {(file: string) => string | undefined} [options.external] - the path, relative to the
 *   bundle, of a source file that stays an import
 * @param {boolean} [options.splits] - write what the program imports dynamically to files of its
 *   own, because a single file loads all its packages at the start
 */
export async function bundle({ input, file, manifest, external = () => undefined, splits = false }) {
  const dependencies = Object.keys(JSON.parse(readFileSync(manifest, 'utf8')).dependencies);
  const plugin = {
    name: 'signpost',
    async resolveId(id, importer, { isEntry }) {
      if (isEntry || isBuiltin(id)) return null;
      if (id === '@signpost/sdk') return SDK;
      if (!id.startsWith('.')) {
        if (dependencies.some((name) => id === name || id.startsWith(`${name}/`))) return { id, external: true };
        throw new Error(`${importer} imports ${id}, which is no dependency in ${manifest}.`);
      }
      const resolved = await this.resolve(id, importer, { skipSelf: true });
      const kept = resolved && external(resolved.id);
      return kept ? { id: kept, external: true } : resolved;
    },
  };
  const build = await rolldown({
    input,
    platform: 'node',
    tsconfig: false,
    makeAbsoluteExternalsRelative: false,
    plugins: [plugin],
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await build.write({
    ...(splits ? { dir: path.dirname(file), entryFileNames: path.basename(file) } : { file, codeSplitting: false }),
    format: 'cjs',
    banner: '#!/usr/bin/env node',
    sourcemap: false,
  });
  await build.close();
}
