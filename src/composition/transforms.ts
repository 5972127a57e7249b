import {
  ComposeError,
  ComposerBusyError,
  MAX_COMPOSED_BYTES,
  type EvaluationOwner,
  type Transform,
} from '../domain/composing';
import { placeIn } from '../domain/sql-text';
import type { TransformFault } from './transform-child';
import type { TransformPool } from './transform-pool';
import { EvaluationEndedError, TRANSFORM_MEMORY_MB, type EvaluationEnd } from './transform-process';

/**
 * Evaluates a transform.
 *
 * @param variables - JSON texts by name; `$` is the input
 * @param withinMs - time for waiting and evaluating together
 * @returns JSON text of an object
 * @throws ComposeError, ComposerBusyError
 */
export async function evaluate(
  pool: TransformPool,
  owner: EvaluationOwner,
  { expression }: Transform,
  variables: Record<string, string>,
  withinMs: number,
): Promise<string> {
  if (withinMs <= 0) throw new ComposeError('there was no time left for the transform');
  const limitMs = Math.min(pool.timeoutMs, Math.ceil(withinMs));
  try {
    const task = { kind: 'evaluate', expression, variables, maxBytes: MAX_COMPOSED_BYTES } as const;
    const reply = await pool.run(task, owner, withinMs);
    if ('text' in reply) return reply.text;
    const { short, full } = runFault(reply.fault, expression, limitMs);
    throw new ComposeError(`the transform ${short}`, `the transform ${full ?? short}`);
  } catch (error) {
    if (!(error instanceof EvaluationEndedError)) throw error;
    throw new ComposeError(`the transform ${endOf(error.why, limitMs)}`);
  }
}

/**
 * Parses transforms.
 *
 * @returns the syntax error of the first that does not parse, with its line and column, or
 *   undefined if all parse
 * @throws ComposerBusyError
 */
export async function syntaxFault(
  pool: TransformPool,
  owner: EvaluationOwner,
  transforms: readonly Transform[],
  withinMs: number,
): Promise<{ index: number; message: string } | undefined> {
  const expressions = transforms.map(({ expression }) => expression);
  try {
    const reply = await pool.run({ kind: 'parse', expressions }, owner, withinMs);
    if ('text' in reply) return undefined;
    const { kind, code, offset, message, index = 0 } = reply.fault;
    // Parsing is far within the limits: the process had no chance to do it.
    if (kind === 'time' || kind === 'starved') throw new ComposerBusyError();
    if (kind === 'too-deep') return { index, message: 'the expression is nested too deeply' };
    if (code === undefined) return { index, message: 'JSONata cannot parse the expression' };
    return { index, message: `${positionOf(expressions[index] ?? '', offset)}: ${message ?? code}` };
  } catch (error) {
    throw error instanceof EvaluationEndedError ? new ComposerBusyError() : error;
  }
}

function endOf(why: EvaluationEnd, limitMs: number): string {
  switch (why) {
    case 'time':
      return `takes longer than ${limitMs} ms`;
    case 'memory':
      return `needs more than ${TRANSFORM_MEMORY_MB} MB of memory`;
    case 'died':
      return 'was interrupted twice: its process ended';
  }
}

/**
 * @returns `short` without values of the data, and `full` with JSONata's message, which can contain
 *   them
 * @throws ComposerBusyError
 */
function runFault(fault: TransformFault, expression: string, limitMs: number): { short: string; full?: string } {
  switch (fault.kind) {
    case 'nothing':
      return { short: 'returned nothing' };
    case 'not-an-object':
      return { short: 'returned a value that is not an object' };
    case 'too-large':
      return { short: `returned more than ${MAX_COMPOSED_BYTES / 1024} KiB` };
    case 'too-deep':
      return { short: 'needs too much memory or recursion depth' };
    case 'time':
      return { short: endOf('time', limitMs) };
    case 'starved':
      throw new ComposerBusyError();
    case 'syntax':
    case 'run': {
      const { code, offset, message } = fault;
      // JavaScript's own error, which JSONata did not expect.
      if (code === undefined) return { short: 'fails inside JSONata', full: `fails inside JSONata: ${message}` };
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
