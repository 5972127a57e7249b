import type { OutputBundle, OutputChunk } from 'rolldown';
import type { Plugin } from 'vite';

const APP = /\/web\/src\/app\.tsx$/;
const SCREEN = /\/web\/src\/screens\/([\w-]+)\/(?:list\/)?([\w-]+)\.tsx$/;
/** Of the screen whose address is not the name of its folder. */
const ADDRESSES: Record<string, string> = { overview: '' };

/**
 * Writes `preload.json`: the files that each screen needs beside those in the page, by its address,
 * and under `*` those that all screens need. The API names them in the page of whoever has a
 * session, so that a browser need not run one file to learn of the next.
 */
export function preloads(): Plugin {
  return {
    name: 'preloads',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      const inPage = new Set(chunks.filter(({ isEntry }) => isEntry).flatMap((chunk) => filesOf(bundle, chunk)));
      const beside = (files: Iterable<string>) => [...files].filter((file) => !inPage.has(file));
      const app = chunks.find(({ facadeModuleId }) => APP.test(facadeModuleId ?? ''))!;
      const screens = chunks.flatMap((chunk) => {
        const [, folder, name] = SCREEN.exec(chunk.facadeModuleId ?? '') ?? [];
        if (folder === undefined || (name !== folder && name !== 'list')) return [];
        const files = new Set([...filesOf(bundle, app), ...filesOf(bundle, chunk)]);
        return [[`/${ADDRESSES[folder] ?? folder}`, beside(files)] as const];
      });
      this.emitFile({
        type: 'asset',
        fileName: 'preload.json',
        source: JSON.stringify({ '*': beside(filesOf(bundle, app)), ...Object.fromEntries(screens) }),
      });
    },
  };
}

/** A chunk, all that it imports, and the styles of these. */
function filesOf(bundle: OutputBundle, chunk: OutputChunk, found = new Set<string>()): string[] {
  if (!found.has(chunk.fileName)) {
    found.add(chunk.fileName);
    for (const style of chunk.viteMetadata?.importedCss ?? []) found.add(style);
    for (const name of chunk.imports) {
      const imported = bundle[name];
      if (imported?.type === 'chunk') filesOf(bundle, imported, found);
    }
  }
  return [...found];
}
