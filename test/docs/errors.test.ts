import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PROBLEMS } from '../../src/domain/problems';

const ROOT = path.join(__dirname, '..', '..');
const page = readFileSync(path.join(ROOT, 'docs', 'producers', 'errors.md'), 'utf8');
const documented = [...page.matchAll(/^\| `([a-z-]+)` +\| (\d+) +\| (.+?) +\| .+\|$/gm)].map(
  ([, code, status, title]) => [code, Number(status), title],
);

it('docs/producers/errors.md has every problem code with its status and meaning, and no other', () => {
  expect(documented).toEqual(Object.entries(PROBLEMS).map(([code, [status, title]]) => [code, status, title]));
});

it('every problem code is used', () => {
  const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('problems.ts'))
    .map((file) => readFileSync(path.join(ROOT, 'src', file), 'utf8'))
    .join('\n');
  const unused = Object.keys(PROBLEMS).filter((code) => !sources.includes(`'${code}'`) && code !== 'not-found');
  expect(unused).toEqual([]);
});
