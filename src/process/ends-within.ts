import { within } from './time-limit';

/** @returns whether the work ends within the time, in milliseconds; it goes on otherwise */
export function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  return within(
    ms,
    work.then(() => true),
    () => false,
  );
}
