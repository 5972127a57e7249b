/** Input and output of a command. Tests replace the streams of the process. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** All of standard input. */
  stdin(): Promise<string>;
  env: Record<string, string | undefined>;
  /** After this call Ctrl-C aborts the returned signal instead of ending the process. */
  interrupted(): AbortSignal;
}

/** Columns of a table: each heading with a function that returns the cell of a row. */
export type Columns<Row> = Record<string, (row: Row) => unknown>;

/**
 * Formats rows as aligned columns with headings.
 *
 * @param empty - the line to print if there are no rows
 */
export function table<Row>(rows: readonly Row[], empty: string, columns: Columns<Row>): string {
  if (rows.length === 0) return empty;
  const headings = Object.keys(columns);
  const cells = rows.map((row) => Object.values(columns).map((cell) => show(cell(row))));
  const widths = headings.map((heading, i) => Math.max(heading.length, ...cells.map((line) => line[i]!.length)));
  return [headings.map((heading) => heading.toUpperCase()), ...cells]
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Formats an object as aligned `name  value` lines. Nested values are shown as JSON. */
export function fields(object: object): string {
  const entries = Object.entries(object);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${show(value)}`).join('\n');
}

/**
 * Formats a value in one line. Control characters are escaped, because they could control the
 * terminal.
 */
export function show(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object'))
    return value.map(show).join(', ') || '-';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
