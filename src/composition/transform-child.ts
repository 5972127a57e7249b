import { readFileSync } from 'node:fs';
import vm from 'node:vm';

/**
 * The program of the child processes that evaluate expressions.
 *
 * Every evaluation gets a fresh realm with its own microtask queue, so nothing that an expression
 * changed or left running is visible to the next one. Only JSON texts cross the border. The process
 * has no environment, no permission to read files, and one evaluation at a time; the parent ends it
 * when it exceeds its time or memory.
 *
 * Argument: the path of the JSONata source.
 */

/** Parse expressions, or evaluate one. */
export type TransformTask =
  | { kind: 'parse'; expressions: readonly string[] }
  | {
      kind: 'evaluate';
      expression: string;
      /** JSON texts by variable name; `$` is the input. */
      variables: Record<string, string>;
      maxBytes: number;
    };

/** `text`: JSON text of an object. */
export type TransformReply = { text: string } | { fault: TransformFault };

const FAULT_KINDS = ['syntax', 'run', 'nothing', 'not-an-object', 'too-large', 'too-deep', 'time', 'starved'] as const;

/** `starved`: the time was over, and the processor had nearly none of it for us. */
export interface TransformFault {
  kind: (typeof FAULT_KINDS)[number];
  /** JSONata's error code. */
  code?: string;
  /** Position in the expression, from 0. */
  offset?: number;
  /** JSONata's message, which can contain values of the data. */
  message?: string;
  /** Which of several expressions. */
  index?: number;
}

/** From the parent. The id ties replies to tasks. */
export interface TransformRequest {
  id: number;
  task: TransformTask;
  timeoutMs: number;
}

/**
 * To the parent: first the reply, then `quiet`, once nothing of the evaluation runs any more. Id 0:
 * the process has started.
 */
export type TransformMessage = { id: number; reply: TransformReply } | { id: number; quiet: true };

/** Share of the processor below which a timeout says nothing about the expression. */
const STARVED = 0.1;
/**
 * Limits on the depth of calls and the length of sequences: far more than data of this size needs.
 */
const GUARDS = { stack: 400, sequence: 100_000 };

const PROGRAM = `(async () => {
  const { kind: work, expressions, expression, variables } = JSON.parse(task);
  let kind = 'syntax';
  let index = 0;
  const isFunction = (value) => typeof value === 'function' || value?._jsonata_lambda === true || value?._jsonata_function === true;
  try {
    if (work === 'parse') {
      for (; index < expressions.length; index++) jsonata(expressions[index]);
      return JSON.stringify({ text: '{}' });
    }
    const compiled = jsonata(expression, ${JSON.stringify(GUARDS)});
    kind = 'run';
    const { $: input, ...bindings } = Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, JSON.parse(text)]));
    const result = await compiled.evaluate(input, bindings);
    if (result === undefined || result === null) return JSON.stringify({ fault: { kind: 'nothing' } });
    if (typeof result !== 'object' || Array.isArray(result) || isFunction(result)) return JSON.stringify({ fault: { kind: 'not-an-object' } });
    return JSON.stringify({ text: JSON.stringify(result, (_, value) => (isFunction(value) ? undefined : value)) });
  } catch (error) {
    const { code, position, message } = error ?? {};
    const isOfSize = error instanceof RangeError && /call stack|invalid (string|array) length/i.test(message);
    if (isOfSize) return JSON.stringify({ fault: { kind: 'too-deep', index } });
    return JSON.stringify({ fault: { kind, code, offset: position, message, index } });
  }
})().then((text) => { reply = text; });`;

/**
 * JavaScript for a realm of expressions: JSONata's `$base64encode` and `$base64decode` take their
 * work from `window` or from Node, and the realm has neither. Both handle bytes, as characters up
 * to U+00FF. `D3137` is the code of JSONata's `$error`.
 */
const BASE64 = `var window = (() => {
  const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const refuse = (message) => { throw Object.assign(new Error(message), { code: 'D3137', message }); };
  return Object.freeze({
    btoa(text) {
      let result = '';
      for (let i = 0; i < text.length; i += 3) {
        const bytes = [0, 1, 2].map((offset) => text.charCodeAt(i + offset));
        if (bytes.some((byte) => byte > 255)) refuse('$base64encode: a character above U+00FF is no byte');
        const bits = (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
        const given = Math.min(3, text.length - i);
        for (let digit = 0; digit < 4; digit++) result += digit <= given ? DIGITS[(bits >> (18 - 6 * digit)) & 63] : '=';
      }
      return result;
    },
    atob(text) {
      const digits = text.replace(/[\\t\\n\\f\\r ]/g, '').replace(/={1,2}$/, '');
      if (/[^A-Za-z0-9+/]/.test(digits) || digits.length % 4 === 1) refuse('$base64decode: the text is not base64');
      let result = '';
      let bits = 0;
      let count = 0;
      for (const digit of digits) {
        bits = ((bits << 6) | DIGITS.indexOf(digit)) & 0xfff;
        count += 6;
        if (count >= 8) result += String.fromCharCode((bits >> (count -= 8)) & 255);
      }
      return result;
    },
  });
})();`;

const library = new vm.Script(readFileSync(process.argv[2]!, 'utf8'));
const base64 = new vm.Script(BASE64);
const program = new vm.Script(PROGRAM);

/** The globals of a realm that we set and read. */
interface Realm {
  task?: string;
  reply?: unknown;
}

function freshRealm(): Realm {
  const realm = vm.createContext(Object.create(null) as Realm, {
    codeGeneration: { strings: false, wasm: false },
    // The run of a script, and so its timeout, includes every continuation that it causes. What is
    // left of them when the time is over never runs.
    microtaskMode: 'afterEvaluate',
  }) as Realm;
  library.runInContext(realm);
  // After the library, which would otherwise put itself into `window`.
  base64.runInContext(realm);
  return realm;
}

/** Made ahead, so that an evaluation does not wait for it. Used once. */
let next = freshRealm();

function answer({ task, timeoutMs }: TransformRequest): TransformReply {
  const realm = next;
  realm.task = JSON.stringify(task);
  const before = process.cpuUsage();
  try {
    program.runInContext(realm, { timeout: timeoutMs });
  } catch (error) {
    if (!isTimeout(error)) return { fault: { kind: 'too-deep' } };
    const { user, system } = process.cpuUsage(before);
    return { fault: { kind: (user + system) / 1000 < timeoutMs * STARVED ? 'starved' : 'time' } };
  }
  return checked(realm.reply, task.kind === 'evaluate' ? task.maxBytes : Infinity);
}

function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

/**
 * An expression may have changed what the program in its realm relies on, so the program's reply is
 * only a claim.
 */
function checked(reply: unknown, maxBytes: number): TransformReply {
  if (typeof reply !== 'string') return { fault: { kind: 'nothing' } };
  try {
    const { text, fault } = JSON.parse(reply) as { text?: unknown; fault?: Record<string, unknown> };
    if (fault) return { fault: checkedFault(fault) };
    if (typeof text !== 'string') return { fault: { kind: 'nothing' } };
    if (Buffer.byteLength(text) > maxBytes) return { fault: { kind: 'too-large' } };
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { text };
  } catch {
    // Not JSON.
  }
  return { fault: { kind: 'not-an-object' } };
}

function checkedFault({ kind, code, offset, message, index }: Record<string, unknown>): TransformFault {
  return {
    kind: FAULT_KINDS.find((known) => known === kind) ?? 'run',
    code: typeof code === 'string' && /^[A-Z]\d{4}$/.test(code) ? code : undefined,
    offset: typeof offset === 'number' ? offset : undefined,
    message: typeof message === 'string' ? message.slice(0, 1000) : undefined,
    index: typeof index === 'number' ? index : undefined,
  };
}

const send = (message: TransformMessage) => process.send!(message);

process.on('message', (request: TransformRequest) => {
  send({ id: request.id, reply: answer(request) });
  // A turn of the event loop of its own: it comes only when nothing of the expression runs.
  setImmediate(() => {
    next = freshRealm();
    send({ id: request.id, quiet: true });
  });
});
// The parent process is gone.
process.on('disconnect', () => process.exit());
send({ id: 0, quiet: true });
