import type { ItemOf, ListPath, Query } from '@signpost/sdk';
import { Option } from 'commander';
import { fromOptions, wholeNumber } from './arguments';
import { list } from './client';
import { table, type Columns } from './output';
import type { Session } from './session';

/** The option `--limit` of a command that prints a list. */
export function limitOption(): Option {
  return new Option('--limit <n>', 'maximum number of items').argParser(wholeNumber(1)).default(50);
}

/**
 * The action of a command that prints a list of the API as a table. Options of the command other
 * than `--limit` are the filter.
 *
 * @param empty - the line to print if there are no items
 */
export function printList<P extends ListPath>(
  session: Session,
  path: P,
  empty: string,
  columns: Columns<ItemOf<P>>,
): (options: { limit: number }) => Promise<void> {
  return async ({ limit, ...filter }) => {
    const page = await list(session.client, path, fromOptions<Query<P, 'get'> & object>(filter), limit);
    session.print(page, () => table(page.items, empty, columns));
  };
}
