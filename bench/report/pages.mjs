/** Writes the figures into the pages, between markers. The text around them is written manually. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ROOT } from '../../scripts/toolchain.mjs';
import { SCENARIOS } from '../scenarios/index.mjs';
import { chartSvg } from './chart.mjs';
import { sizingMarkdown } from './sizing.mjs';
import { scenariosMarkdown, targetsMarkdown } from './tables.mjs';

const DOCS = path.join(ROOT, 'docs');

export async function writePages(results) {
  const chart = chartSvg(results);
  if (chart) writeFileSync(path.join(DOCS, 'internals', 'performance.svg'), chart);
  const picture = chart ? '\n\n![Deliveries per second by subject](performance.svg)' : '';
  await replacePart('internals/performance.md', 'targets', targetsMarkdown(results) + picture);
  await replacePart('internals/performance.md', 'scenarios', scenariosMarkdown(results, SCENARIOS));
  await replacePart('operators/scaling.md', 'sizing', sizingMarkdown(results));
}

/** Replaces the text between `<!-- name -->` and `<!-- /name -->`. */
async function replacePart(page, name, text) {
  const file = path.join(DOCS, page);
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const old = readFileSync(file, 'utf8');
  const from = old.indexOf(begin) + begin.length;
  const to = old.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`${file} has no part ${begin} … ${end}`);
  const options = { ...(await resolveConfig(file)), filepath: file };
  writeFileSync(file, await format(`${old.slice(0, from)}\n\n${text}\n\n${old.slice(to)}`, options));
}
