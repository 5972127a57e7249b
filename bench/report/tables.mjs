/** Results as Markdown. */
import { formatFigure, round } from '../statistics.mjs';
import { judgeTargets } from './targets.mjs';

/** The table of targets. */
export function targetsMarkdown(results) {
  const rows = judgeTargets(results).map(({ of, target, value, isReached }) => [
    of,
    target,
    value ? `${round(value.median)}${spread(value)}` : 'not measured',
    value ? (isReached ? 'yes' : 'no') : '',
  ]);
  return markdownTable(['Figure', 'Target', 'Measured (spread)', 'Reached'], rows);
}

/** Every table of every scenario, each scenario with the run that measured it. */
export function scenariosMarkdown(results, scenarios) {
  return scenarios
    .filter(({ name }) => name in results)
    .map((scenario) => scenarioMarkdown(scenario, results[scenario.name]))
    .join('\n\n');
}

function scenarioMarkdown({ name, about }, { tables, ...run }) {
  return `### ${name}\n\n${about}.\n\n${tables.map(tableMarkdown).join('\n\n')}\n\n${runMarkdown(run)}`;
}

/** One table of a scenario under its title. */
export function tableMarkdown({ title, rows, reference }) {
  const columns = [...new Set(Object.values(rows).flatMap((figures) => Object.keys(figures)))];
  const lines = Object.keys(rows).map((row) => [
    row,
    ...columns.map((column) => formatFigure(rows, row, column, reference)),
  ]);
  const comparison = reference ? ` (ratios to: ${reference})` : '';
  return `**${title}**${comparison}\n\n${markdownTable(['', ...columns], lines)}`;
}

function runMarkdown({ at, commit, machine, node, temporal, postgres, sizes }) {
  return `Taken ${at.slice(0, 10)} on commit \`${commit}\`, at most ${sizes.rounds} rounds, ${machine}, Node ${node}; Temporal: ${temporal}; Postgres: ${postgres}.`;
}

export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function spread({ min, max }) {
  return min === max ? '' : ` (${round(min)}-${round(max)})`;
}
