import { ComposeError, MAX_COMPOSED_BYTES, type Transform } from '../domain/composing';
import { placeIn } from '../domain/sql-text';
import type { TransformFault, TransformReply } from './transform-child';
import { EvaluationEndedError, TRANSFORM_MEMORY_MB, TRANSFORM_TIMEOUT_MS, type TransformPool } from './transform-pool';

/**
 * Evaluates a transform.
 *
 * @param variables - JSON texts by name; `$` is the input
 * @returns JSON text of an object
 * @throws ComposeError
 */
export async function evaluate(
  pool: TransformPool,
  owner: string,
  { expression }: Transform,
  variables: Record<string, string>,
): Promise<string> {
  const reply = await runOrExplain(pool.run({ owner, expression, variables, maxBytes: MAX_COMPOSED_BYTES }));
  if ('text' in reply) return reply.text;
  const { short, full } = runFault(reply.fault, expression);
  throw new ComposeError(`the transform ${short}`, `the transform ${full ?? short}`);
}

/**
 * Parses a transform.
 *
 * @returns the syntax error with its line and column, or undefined if there is none
 */
export async function syntaxFault(pool: TransformPool, { expression }: Transform): Promise<string | undefined> {
  try {
    const reply = await runOrExplain(pool.run({ owner: '', expression, maxBytes: MAX_COMPOSED_BYTES }));
    if ('text' in reply) return undefined;
    const { code, offset, message } = reply.fault;
    if (code === undefined) return 'the expression is nested too deeply';
    return `${positionOf(expression, offset)}: ${message ?? code}`;
  } catch (error) {
    if (error instanceof ComposeError) return error.message;
    throw error;
  }
}

async function runOrExplain(run: Promise<TransformReply>): Promise<TransformReply> {
  try {
    return await run;
  } catch (error) {
    if (!(error instanceof EvaluationEndedError)) throw error;
    throw new ComposeError(`the transform ${ENDED[error.why]}`);
  }
}

const ENDED: Record<EvaluationEndedError['why'], string> = {
  time: `takes longer than ${TRANSFORM_TIMEOUT_MS} ms`,
  memory: `needs more than ${TRANSFORM_MEMORY_MB} MB of memory`,
  closed: 'was interrupted because this process is shutting down',
  start: 'could not be started',
};
/** JSONata's error code for its timeout. */
const TIMEOUT_CODE = 'D1012';

/**
 * @returns `short` without values of the data, and `full` with JSONata's message, which can contain
 *   them
 */
function runFault(fault: TransformFault, expression: string): { short: string; full?: string } {
  switch (fault.kind) {
    case 'nothing':
      return { short: 'returned nothing' };
    case 'not-an-object':
      return { short: 'returned a value that is not an object' };
    case 'too-large':
      return { short: `returned more than ${MAX_COMPOSED_BYTES / 1024} KiB` };
    case 'too-deep':
      return { short: 'needs too much memory or recursion depth' };
    case 'syntax':
    case 'run': {
      const { code, offset, message } = fault;
      if (code === TIMEOUT_CODE) return { short: ENDED.time };
      const position = positionOf(expression, offset);
      return {
        short: `fails at ${position} (JSONata ${code})`,
        full: `fails at ${position}: ${message} (JSONata ${code})`,
      };
    }
  }
}

/** JSONata reports the position after the token. */
function positionOf(expression: string, offset = 1): string {
  return placeIn(expression, Math.max(0, Math.min(offset, expression.length) - 1));
}
