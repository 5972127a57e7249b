import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { readText } from '../arguments';
import { CliError, EXIT } from '../exit-codes';

/** One fault of a file. */
export interface Fault {
  /** Into the file's content, as `['subscriptions', 0, 'url']`. */
  path: readonly PropertyKey[];
  message: string;
}

/** A YAML or JSON file that remembers where everything in it stands. */
export class SourceFile {
  private readonly lines = new LineCounter();
  private readonly document: Document;

  /** @throws CliError usage where it cannot be read, or is neither YAML nor JSON */
  constructor(
    readonly name: string,
    text = readText(name),
  ) {
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
    if (this.document.errors.length > 0)
      throw this.refused(
        this.document.errors.map(({ pos, message }) => ({ offset: pos[0], text: message.split('\n')[0]! })),
      );
  }

  /** @throws CliError usage with every fault and its line */
  read<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    const result = schema.safeParse(this.content());
    if (result.success) return result.data;
    throw this.reject(
      result.error.issues.flatMap((issue): Fault[] =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown field' }))
          : [{ path: issue.path, message: issue.message }],
      ),
    );
  }

  /** The error that tells all faults with their lines, in the order of the file. */
  reject(faults: readonly Fault[]): CliError {
    return this.refused(
      faults.map(({ path, message }) => ({
        offset: this.offsetOf(path),
        text: `${path.length === 0 ? '' : `${path.map(String).join('.')}: `}${message}`,
      })),
    );
  }

  private content(): unknown {
    try {
      return this.document.toJS({ maxAliasCount: 100 }) as unknown;
    } catch (error) {
      throw this.refused([{ offset: 0, text: (error as Error).message }]);
    }
  }

  /** Where a value stands; of one that is missing, what should hold it. */
  private offsetOf(path: readonly PropertyKey[]): number {
    for (let length = path.length; length > 0; length--) {
      const parent = length === 1 ? this.document.contents : this.document.getIn(path.slice(0, length - 1), true);
      const last = path[length - 1];
      if (isMap(parent)) {
        const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last));
        if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
      }
      const node = this.document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return isNode(this.document.contents) ? (this.document.contents.range?.[0] ?? 0) : 0;
  }

  private refused(faults: { offset: number; text: string }[]): CliError {
    const lines = [...faults]
      .sort((a, b) => a.offset - b.offset)
      .map(({ offset, text }) => {
        const { line, col } = this.lines.linePos(offset);
        return `${this.name}:${Math.max(line, 1)}:${Math.max(col, 1)}  ${text}`;
      });
    return new CliError(EXIT.usage, lines.join('\n'));
  }
}
