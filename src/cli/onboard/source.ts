import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { readText } from '../arguments';
import { CliError, EXIT } from '../exit-codes';

/** An error in a file. */
export interface Issue {
  /** Path in the content of the file, such as `['subscriptions', 0, 'url']`. */
  path: readonly PropertyKey[];
  message: string;
}

/** A YAML or JSON file that reports errors with line and column. */
export class SourceFile {
  private readonly lines = new LineCounter();
  private readonly document: Document;

  /**
   * @throws CliError with exit code `usage` if the file cannot be read, or is neither YAML nor JSON
   */
  constructor(
    readonly name: string,
    text = readText(name),
  ) {
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
    if (this.document.errors.length > 0)
      throw this.errorAt(
        this.document.errors.map(({ pos, message }) => ({ offset: pos[0], text: message.split('\n')[0]! })),
      );
  }

  /**
   * Validates the content.
   *
   * @throws CliError with exit code `usage` and all errors with their lines
   */
  read<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    const result = schema.safeParse(this.content());
    if (result.success) return result.data;
    throw this.reject(
      result.error.issues.flatMap((issue): Issue[] =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown field' }))
          : [{ path: issue.path, message: issue.message }],
      ),
    );
  }

  /** Returns one error that lists all issues with their lines, in the order of the file. */
  reject(issues: readonly Issue[]): CliError {
    return this.errorAt(
      issues.map(({ path, message }) => ({
        offset: this.offsetOf(path),
        text: `${path.length === 0 ? '' : `${path.map(String).join('.')}: `}${message}`,
      })),
    );
  }

  private content(): unknown {
    try {
      return this.document.toJS({ maxAliasCount: 100 }) as unknown;
    } catch (error) {
      throw this.errorAt([{ offset: 0, text: (error as Error).message }]);
    }
  }

  /**
   * Offset of a value in the text. For a missing value, the offset of its closest existing parent.
   */
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

  private errorAt(issues: { offset: number; text: string }[]): CliError {
    const lines = [...issues]
      .sort((a, b) => a.offset - b.offset)
      .map(({ offset, text }) => {
        const { line, col } = this.lines.linePos(offset);
        return `${this.name}:${Math.max(line, 1)}:${Math.max(col, 1)}  ${text}`;
      });
    return new CliError(EXIT.usage, lines.join('\n'));
  }
}
