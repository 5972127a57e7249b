import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PROBLEMS, type ProblemCode } from '../../src/domain/problems';

const ROOT = path.join(__dirname, '..', '..');
const PAGE = path.join(ROOT, 'docs', 'producers', 'errors.md');
const ROW = /^\| `([a-z-]+)` +\| (\d+) +\| (.+?) +\| (.+?) +\|$/gm;

/** The advice is written manually. Status and title come from the code. */
function updateRows(): void {
  const updated = readFileSync(PAGE, 'utf8').replace(ROW, (_row, code: ProblemCode, _status, _title, advice) => {
    const [status, title] = PROBLEMS[code];
    return `| \`${code}\` | ${status} | ${title} | ${advice} |`;
  });
  writeFileSync(PAGE, updated);
  execFileSync(process.execPath, [require.resolve('prettier/bin/prettier.cjs'), '--write', PAGE]);
}

it('docs/producers/errors.md lists exactly the problem codes, with status, title and advice', () => {
  if (process.env.UPDATE_DOCS) updateRows();
  const page = readFileSync(PAGE, 'utf8');
  const documented = [...page.matchAll(ROW)].map(([, code, status, title]) => [code, Number(status), title]);
  expect(documented).toEqual(Object.entries(PROBLEMS).map(([code, [status, title]]) => [code, status, title]));
});

it('every problem code is used in the source', () => {
  const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('problems.ts'))
    .map((file) => readFileSync(path.join(ROOT, 'src', file), 'utf8'))
    .join('\n');
  const unused = Object.keys(PROBLEMS).filter((code) => !sources.includes(`'${code}'`) && code !== 'not-found');
  expect(unused).toEqual([]);
});
