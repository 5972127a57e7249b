import { Client, DatabaseError, type ClientBase } from 'pg';
import { TimeLimit } from './time-limit';

/** Postgres did not answer a statement in time. It may have taken effect. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';

  constructor() {
    super('Postgres did not answer a statement in time.');
  }
}

/** The waits for answers of a server. It may end them all. */
export interface Waits {
  /** @param giveUp - ends the wait */
  begin(giveUp: () => void): void;
  end(giveUp: () => void): void;
  /** The server answered something. */
  answered(): void;
}

type Query = (...parameters: unknown[]) => Promise<unknown>;

/**
 * Clients that give up a statement without an answer, and close their connection.
 *
 * pg has the option `query_timeout` for that. But in a process that was paused it reports silence
 * although the answer has arrived: then an accept that was committed would be called uncertain.
 *
 * @param timeoutMs - longest wait for the answer to a statement
 * @param waits - is informed of every wait. @default none
 * @returns the option `Client` of a pool. Its clients take no callbacks.
 */
export function clientsWithin(timeoutMs: number, waits?: Waits): new () => ClientBase {
  return class extends Client {
    override query(...parameters: never[]): never {
      const answer = Reflect.apply(Client.prototype.query as Query, this, parameters);
      const giveUp = () =>
        (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      return orSilence(answer, timeoutMs, giveUp, waits) as never;
    }
  };
}

function orSilence<T>(answer: Promise<T>, timeoutMs: number, giveUp: () => void, waits?: Waits): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = () => {
      isOver = true;
      limit.clear();
      waits?.end(onSilence);
    };
    const onSilence = () => {
      if (isOver) return;
      end();
      giveUp();
      reject(new SilenceError());
    };
    const onAnswer = () => {
      if (isOver) return;
      end();
      waits?.answered();
    };
    const limit = new TimeLimit(timeoutMs, onSilence);
    waits?.begin(onSilence);
    answer.then(
      (result) => {
        onAnswer();
        resolve(result);
      },
      (error: Error) => {
        // The end of a connection is no answer.
        if (error instanceof DatabaseError) onAnswer();
        else if (!isOver) end();
        reject(error);
      },
    );
  });
}
