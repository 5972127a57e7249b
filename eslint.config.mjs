import js from '@eslint/js';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * The rooms of src/, each with the rooms it may not import and the reason why (docs/internals/architecture.md has
 * the picture). Imports point one way. A room's own folder is always allowed, and so is every room not named here.
 */
const LEAVES = ['embedded', 'cli', 'service', 'main.ts', 'worker.ts'];
const forbidden = {
  domain: {
    rooms: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'api', 'process'],
      ...['config', ...LEAVES],
    ],
    reason: 'domain is pure: rules and types without I/O, so that workflows and tests can use it anywhere.',
  },
  process: {
    rooms: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'api', ...LEAVES],
    ],
    reason: 'process holds what any Node service needs (log, metrics, HTTP server); it knows no part of this one.',
  },
  config: {
    rooms: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'api', 'process'],
      ...LEAVES,
    ],
    reason: 'config reads settings before anything else exists.',
  },
  delivery: {
    rooms: ['workflows', 'activities', 'attempts', 'composition', 'store', 'temporal', 'api', ...LEAVES],
    reason: 'delivery is HTTP out: one guarded request, without knowledge of who records it.',
  },
  composition: {
    rooms: ['workflows', 'activities', 'attempts', 'delivery', 'store', 'temporal', 'api', ...LEAVES],
    reason: 'composition runs expressions of customers and operators: it must not reach our database or network.',
  },
  store: {
    rooms: ['workflows', 'activities', 'attempts', 'delivery', 'composition', 'temporal', 'api', ...LEAVES],
    reason: 'store is SQL: callers decide when a statement runs.',
  },
  workflows: {
    rooms: [...['attempts', 'delivery', 'composition', 'store', 'temporal', 'api', 'process', 'config', ...LEAVES]],
    reason: 'workflow code must be deterministic: only domain and the types of activities.',
  },
  attempts: {
    rooms: ['workflows', 'activities', 'temporal', 'api', ...LEAVES],
    reason: 'the attempt engine also runs in role `api`, where no Temporal worker exists.',
  },
  activities: {
    rooms: ['workflows', 'temporal', 'api', 'composition', ...LEAVES],
    reason: 'activities adapt the attempt engine and the store to Temporal; implementations are injected.',
  },
  temporal: {
    rooms: ['store', 'activities', 'attempts', 'delivery', 'composition', 'api', ...LEAVES],
    reason: 'temporal speaks to the Temporal service; what it needs of the store is injected.',
  },
  api: {
    rooms: ['workflows', 'activities', 'attempts', 'delivery', 'composition', ...LEAVES],
    reason: 'routes reach delivery, composition and workflows through api/ports.ts only.',
  },
  embedded: {
    rooms: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'api', 'cli'],
      ...['service', 'main.ts', 'worker.ts'],
    ],
    reason: 'embedded starts Postgres and Temporal as processes; the service connects to them like to any other.',
  },
};
const layerFences = Object.entries(forbidden).map(([room, { rooms, reason }]) => ({
  target: `./src/${room}`,
  from: rooms.map((name) => `./src/${name}`),
  message: `src/${room} may not import this room: ${reason}`,
}));
/** A route is one declaration. What two of them share belongs to another folder of src/api. */
const routeFence = {
  target: './src/api/routes/!(index).ts',
  from: './src/api/routes',
  message: 'Routes import no routes: move what they share to src/api/schemas, subscriptions, composing or events.',
};

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
      'import-x/no-restricted-paths': ['error', { zones: [...layerFences, routeFence] }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/**', 'src/embedded/**', 'src/cli/main.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings are read in src/config only.' },
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
    files: ['scripts/**/*.mjs', 'sdk/*.mjs', 'bench/**/*.{mjs,cjs}', '*.mjs', '*.js', '*.cjs', '.*.cjs', '.ci/**'],
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
