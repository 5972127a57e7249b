import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { messages } from './messages-plugin.ts';
import { preloads } from './preload-plugin.ts';

const OUT_DIR = path.resolve(import.meta.dirname, '..', 'dist', 'web');
/** What the sign-in page needs is one file: several smaller ones are compressed less. */
const BASE = [
  /node_modules\/(react|react-dom|scheduler|@lingui\/\w+)\//,
  /node_modules\/@tanstack\/(react-query|query-core)\/(?!.*nfiniteQuery(Observer)?\.js)/,
  /node_modules\/lucide-react\/dist\/esm\/[\w-]+\.\w+$/,
  /\/web\/src\/(i18n|layout\/(logo|theme)|screens\/sign-in\/(address|sign-in)|ui\/(field|plain-))/,
  /\/web\/src\/api\/(branding|client|exact|portal|problem|session)/,
];
/** What every screen needs. */
const FRAME = [
  /node_modules\/@tanstack\/(react-query|query-core)\//,
  /node_modules\/(react-router|@remix-run|cookie|set-cookie-parser)\//,
  /\/web\/src\/(api|layout)\/(?!session-ended-dialog|sign-in-again)[\w-]+\.tsx?$/,
  /\/web\/src\/ui\/(badge|figures|figure-table|filters|keep-focus|page|prefetch|refused|states|status-text|table-parts|time|toast|use-latest|zone)\.tsx?$/,
  /\/web\/src\/screens\/shared\/(endpoint-name|segment-filter|use-period|use-products)/,
];
/** What lists need. In many small files, it would take a phone several round trips more. */
const LISTS = [
  /node_modules\/@tanstack\/(react-virtual|virtual-core)\//,
  /\/web\/src\/(lists\/|ui\/(combobox|data-table|dialog|form|neighbours|sortable|table-foot|table-row|tabs))/,
  /\/web\/src\/screens\/shared\/(entity-filters|id-search-box|notification-status|period-filter|use-stable-rows)/,
];
const isOneOf = (parts: RegExp[]) => (id: string) => parts.some((part) => part.test(id));
const COMPRESSIBLE = /\.(js|css|svg)$/;

/** Compresses assets at build time. The API serves these files unchanged. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      for (const entry of readdirSync(OUT_DIR, { recursive: true })) {
        const file = path.join(OUT_DIR, String(entry));
        if (!COMPRESSIBLE.test(file)) continue;
        const content = readFileSync(file);
        writeFileSync(`${file}.br`, brotliCompressSync(content));
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [messages(), react(), preloads(), compressed()],
  resolve: { alias: { '#i18n': path.resolve(import.meta.dirname, 'src', 'i18n') } },
  build: {
    outDir: OUT_DIR,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'base', test: isOneOf(BASE), priority: 3 },
            { name: 'frame', test: isOneOf(FRAME), priority: 2 },
            { name: 'lists', test: isOneOf(LISTS), priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080', '/docs': 'http://127.0.0.1:8080' } },
});
