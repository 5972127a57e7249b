import { useEffect, useRef, useState } from 'react';

/**
 * Returns a function that stays the same and calls the newest given one. Columns of a table that
 * call it do not change, and so neither do the table's rows.
 */
export function useLatest<Args extends unknown[]>(given: (...args: Args) => void): (...args: Args) => void {
  const latest = useRef(given);
  useEffect(() => void (latest.current = given));
  const [stable] = useState(
    () =>
      (...args: Args) =>
        latest.current(...args),
  );
  return stable;
}
