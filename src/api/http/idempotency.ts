import { createHash } from 'node:crypto';
import { Problem } from '../../domain/problems';
import { identityOf } from '../../domain/written-json';
import type { Sealer } from '../../store/db/crypto';
import type { Executor } from '../../store/db/database';
import { claimIdempotencyKey, storeIdempotentAnswer } from '../../store/access/idempotency';
import type { Context, Reply } from './route';

const HEADER = 'idempotency-key';
const MAX_LENGTH = 255;

/** The caller's `Idempotency-Key`, or `undefined`. @throws Problem validation-failed where it is empty or too long */
export function idempotencyKeyOf(context: Pick<Context, 'headers'>): string | undefined {
  const key = context.headers[HEADER];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_LENGTH) return key;
  throw new Problem('validation-failed', 'The Idempotency-Key cannot be used.', {
    errors: [{ path: `header/${HEADER}`, message: `1 to ${MAX_LENGTH} characters` }],
  });
}

/**
 * Runs `work` once for a key: the same key with the same request gives the first answer, with another request a conflict. The key, the
 * work and the answer are one transaction, so a crash leaves either all of them or none; a second caller waits for the first.
 */
export async function once(
  executor: Executor,
  sealer: Sealer,
  context: Pick<Context, 'principal' | 'request' | 'written'>,
  key: string,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const owner = { principalId: context.principal.id, key };
  const requestHash = createHash('sha256')
    .update(
      `${context.request.method} ${context.request.path}\n${identityOf(context.request.body, context.written()?.at())}`,
    )
    .digest();
  const earlier = await claimIdempotencyKey(executor, sealer, owner, requestHash);
  if (earlier === 'conflict') {
    throw new Problem('idempotency-key-conflict', 'Use a new key for a new request.', {
      errors: [{ path: `header/${HEADER}`, message: 'was used for another request in the last 24 hours' }],
    });
  }
  if (earlier) return earlier;
  const reply = await work();
  await storeIdempotentAnswer(executor, sealer, owner, { status: reply.status, body: reply.body });
  return reply;
}
