import { plural, t } from '@lingui/core/macro';
import { useEffect, useRef, useState } from 'react';
import { errorText } from '../api/problem';
import { useToast } from '../ui/toast';
import { readExport, saveFile, type ExportFormat } from './export';

const TYPES: Record<ExportFormat, string> = { csv: 'text/csv', json: 'application/json' };

/** The list that an export reads: the same request as the screen makes, and the columns of CSV. */
export interface ExportSource {
  path: string;
  query: Record<string, string | undefined>;
  fields: readonly string[];
}

/**
 * Exports a list to a file. One export runs at a time, and ends when the screen is left.
 *
 * @param name - of the file, without its extension
 */
export function useExport(name: string, source: ExportSource) {
  const toast = useToast();
  /** Rows so far; absent while no export runs. */
  const [rows, setRows] = useState<number>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  return {
    rows,
    stop: () => running.current?.abort(),
    async start(format: ExportFormat) {
      const { signal } = (running.current = new AbortController());
      setRows(0);
      try {
        const exported = await readExport(format, source, setRows, signal);
        saveFile(`${name}.${format}`, TYPES[format], exported.parts);
        toast({ tone: exported.stopped ? 'bad' : 'ok', text: exported.stopped ?? exportedText(exported.rows) });
      } catch (error) {
        if (!signal.aborted) toast({ tone: 'bad', text: t`No file was saved. ${errorText(error)}` });
      } finally {
        setRows(undefined);
      }
    },
  };
}

const exportedText = (rows: number) => plural(rows, { one: 'Exported # row', other: 'Exported # rows' });
