/**
 * The most work of one validation, in units of at most about 50 ns: about 100 ms. An event of the
 * largest size (256 KiB) with a schema of a usual form takes a tenth of it.
 */
export const MAX_WORK = 2_000_000;

/** A validation takes more work than it may. */
export class TooMuchWorkError extends Error {
  override readonly name = 'TooMuchWorkError';
}

let left = 0;

/**
 * Runs a validation with a bound on its work. Work is counted instead of time, so the same data and
 * schema always have the same result.
 *
 * @throws TooMuchWorkError also for data that is nested too deeply for the stack
 */
export function withinBound<T>(units: number, validate: () => T): T {
  left = units;
  try {
    return validate();
  } catch (error) {
    throw error instanceof RangeError ? new TooMuchWorkError() : error;
  }
}

/**
 * Counts work of the current validation.
 *
 * @throws TooMuchWorkError if it exceeds the bound
 */
export function spend(units: number): void {
  left -= units;
  if (left < 0) throw new TooMuchWorkError();
}
