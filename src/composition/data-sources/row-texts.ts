import { ComposeError, MAX_COMPOSED_BYTES } from '../../domain/composing';

export const tooLarge = (name: string) =>
  new ComposeError(`the rows of data source ${name} are larger than ${MAX_COMPOSED_BYTES / 1024} KiB`);

/** The JSON text of a value of one column. */
export type ToJson = (value: unknown) => string;

/** Collects rows as JSON texts, up to the size limit of a body. */
export class RowTexts {
  readonly texts: string[] = [];
  private bytes = 0;

  constructor(
    private readonly name: string,
    private readonly columns: readonly { name: string; toJson: ToJson }[],
  ) {}

  /** @throws ComposeError if the rows are too large */
  add(values: readonly unknown[]): void {
    const members = this.columns.map(({ name, toJson }, index) => {
      const value = values[index];
      return `${JSON.stringify(name)}:${value === null || value === undefined ? 'null' : toJson(value)}`;
    });
    const text = `{${members.join(',')}}`;
    this.bytes += Buffer.byteLength(text);
    if (this.bytes > MAX_COMPOSED_BYTES) throw tooLarge(this.name);
    this.texts.push(text);
  }
}

/** Digits of JavaScript, and so at most 17, of a number that its database stores in 8 bytes. */
export const float64: ToJson = (value) => finite(Number(value), String);

/** The fewest digits that name a number stored in 4 bytes, as Postgres and JavaScript do for 8. */
export const float32: ToJson = (value) =>
  finite(Number(value), (number) => {
    for (let digits = 1; digits < 9; digits++) {
      const shorter = Number(number.toPrecision(digits));
      if (Math.fround(shorter) === Math.fround(number)) return String(shorter);
    }
    return String(Number(number.toPrecision(9)));
  });

/** JSON has no infinity. */
function finite(number: number, text: (number: number) => string): string {
  return Number.isFinite(number) ? text(number) : JSON.stringify(String(number));
}

export const quoted: ToJson = (value) => JSON.stringify(String(value));
export const base64: ToJson = (value) => JSON.stringify(Buffer.from(value as Uint8Array).toString('base64'));

/** Digits of the database, without the zeros in front that JSON forbids. */
export const digits: ToJson = (value) => String(value).replace(/^(-?)0+(?=\d)/, '$1');

/** A time without zeros at the end of its fraction, as Postgres writes it. */
export const withoutZeros = (time: string) => time.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
