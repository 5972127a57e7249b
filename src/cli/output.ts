/** Where a command reads and writes: the process's own streams, or a test's. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** All of standard input. */
  stdin(): Promise<string>;
  env: Record<string, string | undefined>;
  /** From here on Ctrl-C does not end the process but aborts the signal: for commands that run until then. */
  interrupted(): AbortSignal;
}

/** A column: its heading, and its text for a row. */
export type Columns<Row> = Record<string, (row: Row) => unknown>;

/** Rows as aligned text with a heading; one line where there are none. */
export function table<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  if (rows.length === 0) return 'none';
  const headings = Object.keys(columns);
  const cells = rows.map((row) => Object.values(columns).map((text) => show(text(row))));
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

/** An object as aligned `name  value` lines; what is nested is shown as JSON. */
export function fields(object: object): string {
  const entries = Object.entries(object);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${show(value)}`).join('\n');
}

/** A value in one line. Control characters are escaped: what came from elsewhere must not steer the terminal. */
export function show(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object'))
    return value.map(show).join(', ') || '-';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
