import js from '@eslint/js';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import lingui from 'eslint-plugin-lingui';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * The folders of src/, each with the folders it may not import and why. Imports point one way;
 * docs/internals/architecture.md has the table. All other imports between folders are allowed.
 */
const LEAVES = ['embedded', 'cli', 'service', 'main.ts', 'worker.ts'];
const forbidden = {
  domain: {
    folders: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'api', 'process'],
      ...['config', ...LEAVES],
    ],
    reason: 'domain is pure: rules and types without I/O, so that workflows and tests can use it anywhere.',
  },
  process: {
    folders: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'api', ...LEAVES],
    ],
    reason: 'process holds what any Node service needs (log, metrics, HTTP server), independent of this one.',
  },
  config: {
    folders: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'api', 'process'],
      ...LEAVES,
    ],
    reason: 'config reads the settings before any other part exists.',
  },
  delivery: {
    folders: ['workflows', 'activities', 'attempts', 'composition', 'store', 'temporal', 'api', ...LEAVES],
    reason: 'delivery sends one guarded HTTP request and does not know who records it.',
  },
  composition: {
    folders: ['workflows', 'activities', 'attempts', 'delivery', 'store', 'temporal', 'api', ...LEAVES],
    reason: 'composition runs expressions of customers and operators, which must not reach our database or network.',
  },
  store: {
    folders: ['workflows', 'activities', 'attempts', 'delivery', 'composition', 'temporal', 'api', ...LEAVES],
    reason: 'store contains SQL; its callers decide when a statement runs.',
  },
  workflows: {
    folders: [...['attempts', 'delivery', 'composition', 'store', 'temporal', 'api', 'process', 'config', ...LEAVES]],
    reason: 'workflow code must be deterministic, so it imports only domain and the types of activities.',
  },
  attempts: {
    folders: ['workflows', 'activities', 'temporal', 'api', ...LEAVES],
    reason: 'the attempt engine also runs in role `api`, where no Temporal worker exists.',
  },
  activities: {
    folders: ['workflows', 'temporal', 'api', 'composition', ...LEAVES],
    reason: 'activities adapt the attempt engine and the store to Temporal; implementations are injected.',
  },
  temporal: {
    folders: ['store', 'activities', 'attempts', 'delivery', 'composition', 'api', ...LEAVES],
    reason: 'temporal calls the Temporal service; the store operations it needs are injected.',
  },
  api: {
    folders: ['workflows', 'activities', 'attempts', 'delivery', 'composition', ...LEAVES],
    reason: 'routes use delivery, composition and workflows only through api/ports.ts.',
  },
  embedded: {
    folders: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'api', 'cli'],
      ...['service', 'main.ts', 'worker.ts'],
    ],
    reason: 'embedded starts Postgres and Temporal as processes; the service connects to them as to any other server.',
  },
};
const layerFences = Object.entries(forbidden).map(([folder, { folders, reason }]) => ({
  target: `./src/${folder}`,
  from: folders.map((name) => `./src/${name}`),
  message: `src/${folder} may not import this folder: ${reason}`,
}));
/** The command line is a client: of the service, it has the rules by which files are checked. */
const cliFences = [
  {
    target: './cli/src',
    from: [
      ...['workflows', 'activities', 'attempts', 'delivery', 'composition', 'store', 'temporal', 'process'],
      ...LEAVES,
    ].map((name) => `./src/${name}`),
    message: 'cli/src calls the service through @signpost/sdk. Commands that need the service itself are in src/cli.',
  },
  {
    target: './src/!(cli)/**/*',
    from: './cli/src',
    message: 'Only src/cli adds commands to the command line.',
  },
];
/** A route is one declaration. Code that two routes share belongs in another folder of src/api. */
const routeFence = {
  target: './src/api/routes/!(index).ts',
  from: './src/api/routes',
  message: 'Routes may not import routes: move shared code to src/api/schemas, subscriptions, composing or events.',
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

/** Without extensions and parsers, import-x does not parse TypeScript files and finds no cycles. */
const importSettings = (extensions) => ({
  'import-x/resolver-next': [createNodeResolver({ extensions: [...extensions, '.js'] })],
  'import-x/extensions': extensions,
  'import-x/parsers': { '@typescript-eslint/parser': extensions },
});

/** Strings of the web UI that are not texts for people. */
const technicalTexts = {
  useTsTypes: true,
  ignore: [
    // A word without a capital: a name of the API, a class, a key. Texts among them are found by
    // test/web/texts.test.ts.
    '^(?!\\p{Lu})\\S+$',
    '^[A-Z][A-Z0-9_ -]*$',
    '^(⌘|Ctrl )K$',
    // Code: a selector, a style, a command, a sample.
    '[{}$=]|\\w\\(|\\[role|^curl |^-----BEGIN',
  ],
  ignoreNames: [
    { regex: { pattern: '^(class|style|var|font|grid)' } },
    ...['to', 'href', 'type', 'id', 'key', 'queryKey', 'path', 'autoComplete', 'rel', 'padding', 'border'],
    ...['aria-controls', 'aria-describedby', 'viewBox', 'dataKey', 'stroke', 'fill'],
  ],
  ignoreFunctions: ['Error', '*.closest', '*.querySelector*', '*.replace'],
};

export default tseslint.config(
  {
    ignores: [
      'dist',
      'sdk/dist',
      'cli/dist',
      'sdk/src/openapi.ts',
      'node_modules',
      '.signpost',
      'test-output',
      'release',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['src/**/*.ts', 'cli/src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: importSettings(['.ts']),
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'import-x/no-restricted-paths': ['error', { zones: [...layerFences, routeFence, ...cliFences] }],
      'no-console': 'error',
    },
  },
  {
    // A file that grows beyond this holds two things.
    files: ['src/**/*.ts', 'web/src/**/*.{ts,tsx}', 'sdk/src/**/*.ts', 'cli/src/**/*.ts'],
    ignores: ['sdk/src/openapi.ts'],
    rules: { 'max-lines': ['error', 300] },
  },
  {
    files: ['web/src/**/*.{ts,tsx}'],
    ignores: ['web/src/api/exact-json.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='JSON'][property.name=/^(parse|stringify)$/]",
          message: 'It changes long numbers. Use parseJson and formatJson of web/src/api/exact-json.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts', 'sdk/src/**/*.ts', 'cli/src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='URL'][property.name='canParse']",
          message: 'It misreads some texts in Node 20. Use parseUrl of src/domain/parse-url.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts', 'cli/src/**/*.ts'],
    ignores: ['src/config/**', 'src/embedded/**', 'cli/src/process.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings are read in src/config only.' },
      ],
    },
  },
  {
    // Workflow code runs in a deterministic sandbox: no I/O, no host clock or randomness, and only the
    // types of activities.
    files: ['src/workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^node:', message: 'Workflow code may not use Node APIs.' },
            {
              regex: '^@temporalio/(?!workflow$|common$)',
              message: 'Of Temporal, workflow code may import @temporalio/workflow and @temporalio/common only.',
            },
          ],
        },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/activities/*', '**/activities'],
              allowTypeImports: true,
              message: 'Workflow code may import only types of activities.',
            },
          ],
        },
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
              message: 'Import the compiled name, with .js: Node requires it in ES modules.',
            },
          ],
        },
      ],
    },
  },
  {
    // The web UI: shared code may not import screens or the layout.
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
      'import-x/no-restricted-paths': ['error', { zones: uiFences }],
      'no-console': 'error',
    },
  },
  {
    // Texts that people see are messages: `t`, `plural` or `<Trans>` (docs/contributing/texts.md).
    files: ['web/src/**/*.{ts,tsx}'],
    ignores: ['web/src/screens/overview/example-catalog.ts', 'web/src/screens/logs/request-code.ts'],
    plugins: { lingui },
    rules: {
      'lingui/no-unlocalized-strings': ['error', technicalTexts],
      'lingui/no-single-variables-to-translate': 'error',
      'lingui/no-single-tag-to-translate': 'error',
      'lingui/no-trans-inside-trans': 'error',
    },
  },
  {
    files: [
      'scripts/**/*.mjs',
      'sdk/*.mjs',
      'cli/*.mjs',
      'test/**/*.cjs',
      'bench/**/*.{mjs,cjs}',
      '*.mjs',
      '*.js',
      '*.cjs',
      '.*.cjs',
      '.ci/**',
    ],
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
