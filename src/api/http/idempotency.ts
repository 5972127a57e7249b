import { Problem } from '../../domain/problems';
import type { Sealer } from '../../store/db/crypto';
import type { Executor } from '../../store/db/database';
import { claimIdempotencyKey, storeIdempotentAnswer } from '../../store/access/idempotency';
import type { Context, Reply } from './route';
import { sha256 } from '../../domain/sha256';

const HEADER = 'idempotency-key';
const MAX_LENGTH = 255;

/**
 * @returns the caller's `Idempotency-Key`, or undefined if there is none
 * @throws Problem validation-failed if the key is empty or too long
 */
export function idempotencyKeyOf(context: Pick<Context, 'headers'>): string | undefined {
  const key = context.headers[HEADER];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_LENGTH) return key;
  throw new Problem('validation-failed', `The Idempotency-Key must have 1 to ${MAX_LENGTH} characters.`, {
    errors: [{ path: `header/${HEADER}`, message: `must have 1 to ${MAX_LENGTH} characters` }],
  });
}

/**
 * Runs `work` once per key. A repeat of the request with the same key returns the first response;
 * another request with that key is a conflict. The key, the work and the response are one
 * transaction, so a crash leaves all of them or nothing. A concurrent repeat waits for the first.
 *
 * @param holdsSecret - whether the response is sealed, because it may hold a secret
 */
export async function once(
  executor: Executor,
  sealer: Sealer,
  context: Pick<Context, 'principal' | 'request' | 'bodyIdentity'>,
  key: string,
  holdsSecret: boolean,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const owner = { principalId: context.principal.id, key };
  const requestHash = sha256(`${context.request.method} ${context.request.path}\n`, context.bodyIdentity());
  const earlier = await claimIdempotencyKey(executor, sealer, owner, requestHash);
  if (earlier === 'conflict') {
    throw new Problem('idempotency-key-conflict', 'The Idempotency-Key was used for another request. Use a new key.', {
      errors: [{ path: `header/${HEADER}`, message: 'was used for another request in the last 24 hours' }],
    });
  }
  if (earlier) return earlier;
  const reply = await work();
  await storeIdempotentAnswer(executor, holdsSecret ? sealer : undefined, owner, {
    status: reply.status,
    body: reply.body,
  });
  return reply;
}
