import type { ColumnDef } from '@tanstack/react-table';
import { useMemo } from 'react';
import { useStored } from './stored';

/** The columns of a list that the user can hide, and which of them are shown. */
export interface ColumnChoice {
  options: { name: string; shown: boolean }[];
  toggle(name: string): void;
}

/**
 * Hides the columns of a list that the user does not want, in this browser. The column that takes
 * the remaining width always stays.
 *
 * @param list - the name of the list
 */
export function useColumns<T>(
  list: string,
  columns: ColumnDef<T>[],
): { columns: ColumnDef<T>[]; choice: ColumnChoice } {
  const [hidden, setHidden] = useStored<string>(`columns-${list}`);
  const shown = useMemo(
    () => columns.filter((column) => !isOptional(column) || !hidden.includes(column.header as string)),
    [columns, hidden],
  );
  const options = columns.filter(isOptional).map(({ header }) => {
    const name = header as string;
    return { name, shown: !hidden.includes(name) };
  });
  const toggle = (name: string) =>
    setHidden(hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name]);
  return { columns: shown, choice: { options, toggle } };
}

/** Columns without a written header, such as that of the row's actions, are not optional. */
const isOptional = <T>({ header, meta }: ColumnDef<T>) => typeof header === 'string' && !meta?.grow;
