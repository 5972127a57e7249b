import type { PoolClient } from 'pg';

/** The clients whose last commit was not confirmed. */
const unconfirmed = new WeakSet<PoolClient>();

/**
 * A commit that Postgres made without waiting for its standby, because the wait was cancelled. It
 * is lost if the standby takes over now.
 */
export class CommitUnconfirmedError extends Error {
  override readonly name = 'CommitUnconfirmedError';

  constructor() {
    super('The transaction was committed, but no standby confirmed it in time.');
  }
}

/**
 * Notes the commits of a client that a synchronous standby did not confirm. Postgres reports them
 * as successful, with a warning. Its text depends on the language of the server, the routine that
 * it comes from does not.
 */
export function watchCommits(client: PoolClient): void {
  client.on('notice', ({ routine }) => {
    if (routine === 'SyncRepWaitForLSN') unconfirmed.add(client);
  });
}

/** @throws CommitUnconfirmedError if the last commit of this client was not confirmed */
export function confirmCommit(client: PoolClient): void {
  if (unconfirmed.delete(client)) throw new CommitUnconfirmedError();
}
