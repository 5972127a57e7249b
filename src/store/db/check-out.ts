import type { Pool, PoolClient } from 'pg';
import { PostgresSilentError, type Watch } from './silence-watch';

/** A pool, and the watch that ends the waits for its clients. */
export interface Lending {
  pool: Pool;
  silence: Watch;
}

/**
 * Takes a client from a pool. While it is checked out, the pool does not listen to its errors, and
 * an error without a listener would end the process.
 *
 * @returns the client, and the function that gives it back; a broken client is closed instead
 * @throws PostgresSilentError if Postgres has gone silent
 */
export async function checkOut(lending: Lending): Promise<{ client: PoolClient; release(broken?: Error): void }> {
  const client = await connect(lending);
  let lost: Error | undefined;
  const onLost = (error: Error) => (lost = error);
  client.on('error', onLost);
  return {
    client,
    release(broken) {
      client.off('error', onLost);
      client.release(broken ?? lost);
    },
  };
}

function connect({ pool, silence }: Lending): Promise<PoolClient> {
  if (silence.isSilent()) return Promise.reject(new PostgresSilentError());
  const connecting = pool.connect();
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      silence.end(giveUp);
      reject(new PostgresSilentError());
      // A client that comes after all goes back to the pool.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
    };
    silence.begin(giveUp);
    connecting.then(
      (client) => {
        silence.end(giveUp);
        resolve(client);
      },
      (error: Error) => {
        silence.end(giveUp);
        reject(error);
      },
    );
  });
}
