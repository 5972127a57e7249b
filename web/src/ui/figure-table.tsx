import type { ReactNode } from 'react';
import { cellClass } from './table-parts';

export interface FigureColumn<Row> {
  header: string;
  /** Takes the remaining width. */
  grow?: boolean;
  /** Hidden on narrow screens. */
  wide?: boolean;
  align?: 'end';
  /** Names the row. */
  heads?: boolean;
  cell(row: Row): ReactNode;
}

/** A short table of figures, all of which are shown. */
export function FigureTable<Row>({
  label,
  columns,
  rows,
  rowId,
}: {
  label: string;
  columns: readonly FigureColumn<Row>[];
  rows: readonly Row[];
  rowId(row: Row): string;
}) {
  return (
    <div className="table-frame" role="region" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.header} scope="col" className={cellClass(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowId(row)}>
              {columns.map((column) =>
                column.heads ? (
                  <th key={column.header} scope="row" className={cellClass(column)}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.header} className={cellClass(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
