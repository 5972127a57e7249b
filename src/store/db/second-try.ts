import { isContended } from './database';

/**
 * Does work in a transaction again if it was rolled back because of what others do. Most locks that
 * are held for longer than the limit belong to a commit that took long, and are free then.
 */
export async function withSecondTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isContended(error)) throw error;
    return work();
  }
}
