import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Holds the language to docs/contributing/prose.md: its worst patterns may not come back. */

const ROOT = path.join(__dirname, '..', '..');
const FOLDERS = ['src', 'web/src', 'sdk/src', 'cli/src', 'docs', 'scripts', 'examples', 'test'];
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'sdk/README.md',
  'cli/README.md',
  'bench/README.md',
  '.env.example',
];
const TEXT = /\.(ts|tsx|mjs|md|ya?ml)$/;
/** Generated from schemas whose source is searched, or a list of the words themselves. */
const EXEMPT = new Set(['sdk/src/openapi.ts', 'docs/contributing/prose.md', 'test/docs/prose.test.ts']);

const PATTERNS: readonly { pattern: RegExp; instead: string }[] = [
  { pattern: /\b(tells?|told)\b/i, instead: 'return, report, show, notify, log' },
  { pattern: /\bwhat (came|comes|becomes|became) of\b/i, instead: 'the result, the outcome' },
  { pattern: /\bso (many|long)\b(?! as\b)/i, instead: 'the number and its unit' },
  { pattern: /\bwhere there (is|are|was|were) none\b|(?<!there )\b(is|are|was|were) none\b/i, instead: 'absent, null' },
  { pattern: /\banew\b|\bonce more\b/i, instead: 'again' },
  { pattern: /\blook(s|ed)? after\b|\bsees? to it\b|\bsees to\b/i, instead: 'supervises, handles' },
  { pattern: /\bdoubts?\b/i, instead: 'checks' },
  { pattern: /\bused up\b/i, instead: 'exhausted' },
  { pattern: /\b(mend|heal)(s|ed|ing)?\b/i, instead: 'fix' },
  { pattern: /\bfares?\b/i, instead: 'health, status' },
  { pattern: /\bgiven back\b/i, instead: 'released' },
  { pattern: /\bat once\b/i, instead: 'immediately, concurrently' },
  { pattern: /\bby hand\b/i, instead: 'manually' },
  { pattern: /\b(spine|fate)\b/i, instead: 'pipeline, failure' },
  {
    pattern: /^\s*(\/\/|\/\*\*|\*) (Whoever|Whom|Those (who|that)|What (is|was|were|has)) /,
    instead: 'a noun that names the thing, first',
  },
];

const COLUMNS = 100;
/** A line that is a comment, except an instruction to a tool and a link, which cannot be wrapped. */
const COMMENT = /^\s*(\/\/|\/\*\*|\*) (?!eslint-|.*https?:)/;

/** Lines that use one of the words in its ordinary sense. */
const ALLOWED: readonly string[] = ['tell this endpoint apart'];

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join(folder, file))
    .filter((file) => TEXT.test(file) && statSync(path.join(ROOT, file)).isFile());
}

it('comments are wrapped at 100 columns', () => {
  const files = FOLDERS.flatMap(filesBelow).filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !EXEMPT.has(file));
  const long = files.flatMap((file) =>
    readFileSync(path.join(ROOT, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        COMMENT.test(line) && line.length > COLUMNS ? [`${file}:${index + 1}: ${line.length} columns`] : [],
      ),
  );
  expect(long).toEqual([]);
});

it('nothing that people read uses the words that the writing guide replaces', () => {
  const files = [...FOLDERS.flatMap(filesBelow), ...PAGES].filter((file) => !EXEMPT.has(file));
  expect(files.length).toBeGreaterThan(400);
  const found = files.flatMap((file) =>
    readFileSync(path.join(ROOT, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        PATTERNS.filter(({ pattern }) => pattern.test(line) && !ALLOWED.some((allowed) => line.includes(allowed))).map(
          ({ instead }) => `${file}:${index + 1}: ${line.trim()} (write: ${instead})`,
        ),
      ),
  );
  expect(found).toEqual([]);
});
