import { useMemo } from 'react';
import type { Column } from '../ui/column';
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
export function useColumns<T>(list: string, columns: Column<T>[]): { columns: Column<T>[]; choice: ColumnChoice } {
  const [hidden, setHidden] = useStored<string>(`columns-${list}`);
  const shown = useMemo(
    () => columns.filter((column) => !isOptional(column) || !hidden.includes(column.header)),
    [columns, hidden],
  );
  const options = columns.filter(isOptional).map(({ header: name }) => ({ name, shown: !hidden.includes(name) }));
  const toggle = (name: string) =>
    setHidden(hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name]);
  return { columns: shown, choice: { options, toggle } };
}

/** The actions of a row are not optional. */
const isOptional = <T>(column: Column<T>): column is Column<T> & { header: string } =>
  column.header !== undefined && !column.grow;
