import js from '@eslint/js';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * The layers of src/, each with what it may not import (the picture is in docs/architecture.md). Imports point one way:
 * a layer's own folder is always allowed, and so is everything that is not named here.
 */
const forbidden = {
  domain: ['workflows', 'activities', 'delivery', 'store', 'temporal', 'api', 'embedded', 'cli', 'bodies'],
  delivery: ['workflows', 'activities', 'store', 'temporal', 'api', 'embedded', 'cli', 'bodies'],
  bodies: ['workflows', 'activities', 'delivery', 'store', 'temporal', 'api', 'embedded', 'cli'],
  store: ['workflows', 'activities', 'delivery', 'temporal', 'api', 'embedded', 'cli', 'bodies'],
  workflows: ['delivery', 'store', 'temporal', 'api', 'embedded', 'cli', 'bodies'],
  activities: ['workflows', 'temporal', 'api', 'embedded', 'cli', 'bodies'],
  temporal: ['store', 'activities', 'delivery', 'api', 'embedded', 'cli', 'bodies'],
  api: ['workflows', 'activities', 'delivery', 'embedded', 'cli', 'bodies'],
  embedded: ['workflows', 'activities', 'delivery', 'store', 'temporal', 'api', 'cli', 'bodies'],
};
const layerFences = Object.entries(forbidden).map(([layer, targets]) => ({
  target: `./src/${layer}`,
  from: targets.map((target) => `./src/${target}`),
  message: `src/${layer} may not import this layer: imports point one way (docs/architecture.md).`,
}));

const uiFences = [
  { target: './web/src/ui', from: ['./web/src/screens', './web/src/layout', './web/src/app.tsx'] },
  { target: './web/src/api', from: ['./web/src/screens', './web/src/layout', './web/src/app.tsx'] },
  { target: './web/src/screens', from: ['./web/src/app.tsx'] },
  // The endpoint pages share fields and dialogs but never import each other, so each loads as a chunk of its own.
  endpointFence('shared', ['list', 'create', 'detail', 'fields', 'dialogs']),
  endpointFence('fields', ['list', 'create', 'detail', 'dialogs']),
  endpointFence('dialogs', ['list', 'create', 'detail', 'fields']),
  endpointFence('list', ['create', 'detail', 'fields']),
  endpointFence('create', ['list', 'detail']),
  endpointFence('detail', ['list', 'create']),
];

function endpointFence(target, from) {
  const folder = './web/src/screens/endpoints';
  return { target: `${folder}/${target}`, from: from.map((name) => `${folder}/${name}`) };
}

/** Without extensions and parser import-x takes no file of ours for one to look into, and finds no cycle. */
const importSettings = (extensions) => ({
  'import-x/resolver-next': [createNodeResolver({ extensions: [...extensions, '.js'] })],
  'import-x/extensions': extensions,
  'import-x/parsers': { '@typescript-eslint/parser': extensions },
});

export default tseslint.config(
  { ignores: ['dist', 'sdk/dist', 'sdk/src/openapi.ts', 'node_modules', '.signpost', 'test-output'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: importSettings(['.ts']),
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones: layerFences }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config.ts', 'src/embedded/**', 'src/cli/main.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings are read in src/config.ts only.' },
      ],
    },
  },
  {
    // Workflow code runs in a deterministic sandbox: no I/O, no clock or randomness of the host, no activities at run time.
    files: ['src/workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^node:', message: 'Workflow code has no Node API.' },
            {
              regex: '^@temporalio/(?!workflow$|common$)',
              message: 'Workflow code imports @temporalio/workflow only.',
            },
          ],
        },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/activities/*', '**/activities'], allowTypeImports: true, message: 'Types only.' }] },
      ],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'fetch', 'setImmediate', 'require'],
    },
  },
  {
    files: ['sdk/src/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^\\.{1,2}/(?!.*\\.js$)',
              message: 'Name the file as it is once compiled, with .js: Node takes no less.',
            },
          ],
        },
      ],
    },
  },
  {
    // The UI, from which components import their screen's parts and what all share, never another way round.
    files: ['web/**/*.{ts,tsx}'],
    plugins: { 'import-x': importX, 'react-hooks': reactHooks },
    languageOptions: { parserOptions: { projectService: true } },
    settings: importSettings(['.ts', '.tsx']),
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones: uiFences }],
      'no-console': 'error',
    },
  },
  {
    files: ['scripts/**/*.mjs', 'sdk/*.mjs', 'bench/**/*.{mjs,cjs}', '*.mjs', '*.js', '.ci/**'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        performance: 'readonly',
        exports: 'writable',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        AbortController: 'readonly',
        fetch: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
        Buffer: 'readonly',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
