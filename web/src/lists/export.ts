import { t } from '@lingui/core/macro';
import { api } from '../api/client';
import { formatJson, WrittenNumber } from '../api/exact-json';
import type { Page } from '../api/types';
import { formatNumber } from '../i18n/i18n';

export type ExportFormat = 'csv' | 'json';
type Query = Record<string, string | undefined>;
type Row = Record<string, unknown>;

const PAGE = 200;
/** A browser keeps the file in memory until it is saved. */
const MAX_ROWS = 50_000;
const MAX_CHARACTERS = 100_000_000;

export interface Exported {
  parts: string[];
  rows: number;
  /** Why there are more rows than the file has; absent if it has all. */
  stopped?: string;
}

/**
 * Reads a list page by page and formats each page as it arrives. Stops at 50,000 rows or 100
 * million characters.
 *
 * @param fields - the columns of the CSV file. JSON has the items as the API returns them
 * @param onProgress - called after each page with the number of rows so far
 */
export async function readExport(
  format: ExportFormat,
  { path, query, fields }: { path: string; query: Query; fields: readonly string[] },
  onProgress: (rows: number) => void,
  signal: AbortSignal,
): Promise<Exported> {
  const parts = [format === 'csv' ? csvLine(fields) : '['];
  let rows = 0;
  let characters = 0;
  let cursor: string | null = null;
  do {
    const page: Page<Row> = await api.get<Page<Row>>(path, { ...query, limit: PAGE, cursor }, signal);
    for (const row of page.items) {
      const part: string =
        format === 'csv' ? csvLine(fields.map((field) => row[field])) : `${rows === 0 ? '' : ','}\n${formatJson(row)}`;
      parts.push(part);
      rows += 1;
      characters += part.length;
    }
    onProgress(rows);
    cursor = page.nextCursor;
  } while (cursor !== null && rows < MAX_ROWS && characters < MAX_CHARACTERS);
  if (format === 'json') parts.push('\n]\n');
  const stopped =
    cursor === null
      ? undefined
      : t`The file has the first ${formatNumber(rows)} rows: one export has at most ${
          rows >= MAX_ROWS ? t`${formatNumber(MAX_ROWS)} rows` : t`100 MB`
        }. Narrow the filters to export the rest.`;
  return { parts, rows, stopped };
}

const csvLine = (cells: readonly unknown[]) => `${cells.map(csvCell).join(',')}\r\n`;

/**
 * One cell of a CSV file (RFC 4180). A spreadsheet runs text that begins with = + - @, a tab or a
 * line end as a formula. An apostrophe in front makes it text. Numbers stay as they were written.
 */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof WrittenNumber || typeof value === 'number') return formatJson(value);
  const text = typeof value === 'string' ? value : formatJson(value);
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Saves text as a file through the browser's download. */
export function saveFile(name: string, type: string, parts: string[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Some browsers begin to read only after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
