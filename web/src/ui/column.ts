import type { ReactNode } from 'react';

/** A column of a list. A list has one column that grows. */
export interface Column<T> {
  /** Absent for the actions of a row. */
  header?: string;
  /**
   * What the column shows of a row. Called as a function, and not used as a component: new columns
   * would mount the cells again, which would lose the focus and open dialogs.
   */
  cell(row: T): ReactNode;
  /** Takes the remaining width. */
  grow?: boolean;
  /** In pixels, with the padding. */
  width?: number;
  /** The width on narrow screens. */
  narrow?: number;
  align?: 'end';
  /** Hidden on narrow screens. */
  wide?: boolean;
  /** Hidden where there is no room for every column. */
  roomy?: boolean;
  /** Hidden unless the screen is wider than those of laptops. */
  spacious?: boolean;
  /** Sort orders by this column, in the order in which its header takes them. `-`: descending. */
  sorts?: readonly string[];
}

/** The selected rows of a list, by ID. */
export type Selection = Record<string, boolean>;
