import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { z } from 'zod';
import { plainWords } from '../../../src/api/schemas/plain-words';
import { isExactNumber } from '../../../src/domain/lossless-json';
import { INEXACT, readText } from '../arguments';
import { CliError, EXIT } from '../exit-codes';

/** An error in a file. */
export interface Issue {
  /** Path in the content of the file, such as `['subscriptions', 0, 'url']`. */
  path: readonly PropertyKey[];
  message: string;
}

/** A number that JSON can hold. YAML has others, which change nothing when they are sent. */
const DECIMAL = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

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
    this.refuseInexactNumbers();
  }

  /**
   * Validates the content.
   *
   * @throws CliError with exit code `usage` and all errors with their lines
   */
  read<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    const result = schema.safeParse(this.content(), { error: plainWords });
    if (result.success) return result.data;
    throw this.reject(
      result.error.issues.flatMap((issue): Issue[] =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown field' }))
          : [{ path: issue.path, message: issue.message }],
      ),
    );
  }

  private refuseInexactNumbers(): void {
    const offsets: number[] = [];
    visit(this.document, {
      Scalar(_key, { value, source = '', range }) {
        if (typeof value === 'number' && DECIMAL.test(source) && !isExactNumber(source)) offsets.push(range![0]);
      },
    });
    if (offsets.length > 0) throw this.errorAt(offsets.map((offset) => ({ offset, text: INEXACT })));
  }

  /** Returns one error that lists all issues with their lines, in the order of the file. */
  reject(issues: readonly Issue[]): CliError {
    return this.errorAt(
      issues.map(({ path, message }) => ({
        offset: this.offsetOf(path),
        path,
        text: message,
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

  private errorAt(issues: { offset: number; path?: readonly PropertyKey[]; text: string }[]): CliError {
    const located = [...issues]
      .sort((a, b) => a.offset - b.offset)
      .map(({ offset, text, path }) => {
        const { line, col } = this.lines.linePos(offset);
        const place = { file: this.name, line: Math.max(line, 1), column: Math.max(col, 1) };
        return { ...place, ...(path ? { path: path.map(String).join('.') } : {}), message: text };
      });
    const lines = located.map(
      ({ file, line, column, path, message }) => `${file}:${line}:${column}  ${path ? `${path}: ` : ''}${message}`,
    );
    return new CliError(EXIT.usage, lines.join('\n'), located);
  }
}
