import { Client, type ClientBase } from 'pg';
import { within } from './time-limit';

/** Postgres did not answer a statement in time. It may have taken effect. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';

  constructor() {
    super('Postgres did not answer a statement in time.');
  }
}

type Query = (...parameters: unknown[]) => Promise<unknown>;

/**
 * Clients that give up a statement without an answer, and close their connection.
 *
 * pg has the option `query_timeout` for that. But in a process that was paused it reports silence
 * although the answer has arrived: then an accept that was committed would be called uncertain.
 *
 * @param timeoutMs - longest wait for the answer to a statement
 * @returns the option `Client` of a pool. Its clients take no callbacks.
 */
export function clientsWithin(timeoutMs: number): new () => ClientBase {
  return class extends Client {
    override query(...parameters: never[]): never {
      const answer = Reflect.apply(Client.prototype.query as Query, this, parameters);
      const giveUp = () => {
        (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
        throw new SilenceError();
      };
      return within(timeoutMs, answer, giveUp) as never;
    }
  };
}
