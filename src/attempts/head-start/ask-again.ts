import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable } from '../../store/db/database';

const PAUSE_MS = 100;

/**
 * Repeats an attempt while Postgres is unavailable. A head start keeps its slot meanwhile:
 * otherwise those behind it would pass it when Postgres is back.
 *
 * @param attempt - made once, however often it is called
 * @param mayAskAgain - whether the claim allows another try
 */
export async function whileUnavailable<T>(attempt: () => Promise<T>, mayAskAgain: () => boolean): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isUnavailable(error) || !mayAskAgain()) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
