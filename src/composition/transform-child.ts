import { readFileSync } from 'node:fs';
import vm from 'node:vm';

/**
 * The process that evaluates expressions. It may run out of memory or loop forever; then it is
 * killed. It has no environment variables, and expressions run in a realm without anything of Node.
 * Only JSON texts go in and out.
 *
 * Argument: the path of the JSONata source.
 */

/** A task of the process: to parse an expression, or to evaluate it too. */
export interface TransformTask {
  /** Expressions of one owner share a realm, and nothing with expressions of other owners. */
  owner: string;
  expression: string;
  /** JSON texts by variable name; `$` is the input. If absent, the expression is only parsed. */
  variables?: Record<string, string>;
  timeoutMs: number;
  maxBytes: number;
}

/** The result of a task. `text` is the JSON text of an object. */
export type TransformReply = { text: string } | { fault: TransformFault };

export interface TransformFault {
  kind: 'syntax' | 'run' | 'nothing' | 'not-an-object' | 'too-large' | 'too-deep';
  /** JSONata's error code. */
  code?: string;
  /** Position in the expression, from 0. */
  offset?: number;
  /** JSONata's message, which can contain values of the data. */
  message?: string;
}

const MAX_REALMS = 20;
/**
 * Limits on the depth of calls and the length of sequences: far more than data of this size needs.
 */
const GUARDS = { stack: 400, sequence: 100_000 };

const PROGRAM = `(async (taskText) => {
  const { expression, variables, timeoutMs } = JSON.parse(taskText);
  let kind = 'syntax';
  try {
    const compiled = jsonata(expression, { ...${JSON.stringify(GUARDS)}, timeout: timeoutMs });
    if (!variables) return JSON.stringify({ text: '{}' });
    kind = 'run';
    const { $: input, ...bindings } = Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, JSON.parse(text)]));
    const result = await compiled.evaluate(input, bindings);
    if (result === undefined || result === null) return JSON.stringify({ fault: { kind: 'nothing' } });
    const isFunction = (value) => typeof value === 'function' || value?._jsonata_lambda === true || value?._jsonata_function === true;
    if (typeof result !== 'object' || Array.isArray(result) || isFunction(result)) return JSON.stringify({ fault: { kind: 'not-an-object' } });
    return JSON.stringify({ text: JSON.stringify(result, (_, value) => (isFunction(value) ? undefined : value)) });
  } catch (error) {
    const { code, position, message } = error ?? {};
    if (typeof code !== 'string') return JSON.stringify({ fault: { kind: 'too-deep' } });
    return JSON.stringify({ fault: { kind, code, offset: position, message } });
  }
})`;

const jsonata = new vm.Script(readFileSync(process.argv[2]!, 'utf8'));
const program = new vm.Script(PROGRAM);
type Evaluate = (task: string) => Promise<string>;
const realms = new Map<string, Evaluate>();

function realmOf(owner: string): Evaluate {
  const existing = realms.get(owner);
  if (existing) return existing;
  if (realms.size >= MAX_REALMS) realms.delete(realms.keys().next().value!);
  const realm = vm.createContext(Object.create(null) as object, { codeGeneration: { strings: false, wasm: false } });
  jsonata.runInContext(realm);
  const evaluate = program.runInContext(realm) as Evaluate;
  realms.set(owner, evaluate);
  return evaluate;
}

async function evaluateTask(task: TransformTask): Promise<TransformReply> {
  const reply = JSON.parse(await realmOf(task.owner)(JSON.stringify(task))) as TransformReply;
  return 'text' in reply && Buffer.byteLength(reply.text) > task.maxBytes ? { fault: { kind: 'too-large' } } : reply;
}

process.on('message', (task: TransformTask) => void evaluateTask(task).then((reply) => process.send!(reply)));
// The parent process is gone.
process.on('disconnect', () => process.exit());
process.send!('ready');
