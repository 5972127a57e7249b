import { Problem } from '../../domain/problems';
import type { Sealer } from '../../store/db/crypto';
import type { Database, Executor } from '../../store/db/database';
import { claimIdempotencyKey, findIdempotentAnswer, storeIdempotentAnswer } from '../../store/access/idempotency';
import type { Context, Reply } from './route';
import { sha256 } from '../../domain/sha256';

const HEADER = 'idempotency-key';
export const IDEMPOTENCY_KEY_MAX_LENGTH = 255;

/**
 * @returns the caller's `Idempotency-Key`, or undefined if there is none
 * @throws Problem validation-failed if the key is empty or too long
 */
export function idempotencyKeyOf(context: Pick<Context, 'headers'>): string | undefined {
  const key = context.headers[HEADER];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= IDEMPOTENCY_KEY_MAX_LENGTH) return key;
  throw new Problem(
    'validation-failed',
    `The Idempotency-Key must have 1 to ${IDEMPOTENCY_KEY_MAX_LENGTH} characters.`,
    {
      errors: [{ path: `header/${HEADER}`, message: `must have 1 to ${IDEMPOTENCY_KEY_MAX_LENGTH} characters` }],
    },
  );
}

type Call = Pick<Context, 'principal' | 'request' | 'bodyIdentity'>;

/** How an answer is stored: sealed, if it may hold a secret. */
interface Kept {
  sealer: Sealer;
  holdsSecret: boolean;
}

/**
 * Runs `work` once per key. A repeat of the request with the same key returns the first response;
 * another request with that key is a conflict. The key, the work and the response are one
 * transaction, so a crash leaves all of them or nothing. A concurrent repeat waits for the first.
 */
export async function once(
  executor: Executor,
  { sealer, holdsSecret }: Kept,
  context: Call,
  key: string,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const owner = { principalId: context.principal.id, key };
  const earlier = await claimIdempotencyKey(executor, sealer, owner, hashOf(context));
  if (earlier === 'conflict') throw conflict();
  if (earlier) return earlier;
  const reply = await work();
  await storeIdempotentAnswer(executor, holdsSecret ? sealer : undefined, owner, {
    status: reply.status,
    body: reply.body,
  });
  return reply;
}

/**
 * Like {@link once}, for work that waits for another system and so runs outside any transaction. Of
 * concurrent requests with the same key, each is done, and all return the first answer.
 */
export async function onceOutside(
  db: Database,
  kept: Kept,
  context: Call,
  key: string,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const owner = { principalId: context.principal.id, key };
  const earlier = await findIdempotentAnswer(db, kept.sealer, owner, hashOf(context));
  if (earlier === 'conflict') throw conflict();
  if (earlier) return earlier;
  const reply = await work();
  return db.transaction((executor) => once(executor, kept, context, key, () => Promise.resolve(reply)));
}

function hashOf({ request, bodyIdentity }: Call): Buffer {
  return sha256(`${request.method} ${request.path}\n`, bodyIdentity());
}

function conflict(): Problem {
  return new Problem('idempotency-key-conflict', 'The Idempotency-Key was used for another request. Use a new key.', {
    errors: [{ path: `header/${HEADER}`, message: 'was used for another request in the last 24 hours' }],
  });
}
