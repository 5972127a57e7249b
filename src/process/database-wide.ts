/**
 * Ends the help of gauges that are read from Postgres or Temporal. Each process reports the same
 * value, so a sum over processes would be wrong.
 */
export const DATABASE_WIDE = 'The same from every process: aggregate with max, not sum.';
