/** Text of a page, in characters. Writing it takes a few milliseconds of the event loop. */
const MAX_CHARACTERS = 1024 * 1024;
/** Rows that are read before their size is known. */
const FIRST_ROWS = 4;

/**
 * Bounds the text of a page, whose rows a caller chose the size of: reads them in parts, and no
 * more once the page is full. A page has at least one row.
 */
export class PageSize<Row> {
  private characters = 0;
  private count = 0;

  /** @param sizeOf - the characters of a row that vary much */
  constructor(private readonly sizeOf: (row: Row) => number) {}

  /** Whether the page is full. There may be more rows. */
  get isReached(): boolean {
    return this.characters >= MAX_CHARACTERS;
  }

  /**
   * Reads rows in order.
   *
   * @param limit - the most rows
   * @param next - reads at most `count` rows that follow a row, or the first ones
   */
  async read(limit: number, next: (count: number, after: Row | undefined) => Promise<Row[]>): Promise<Row[]> {
    const rows: Row[] = [];
    while (rows.length < limit && !this.isReached) {
      const count = Math.min(limit - rows.length, this.rowsThatFit());
      const part = await next(count, rows.at(-1));
      for (const row of part) {
        if (this.isReached) break;
        rows.push(row);
        this.characters += this.sizeOf(row);
        this.count += 1;
      }
      if (part.length < count) break;
    }
    return rows;
  }

  /** An estimate by the rows so far. */
  private rowsThatFit(): number {
    if (this.count === 0) return FIRST_ROWS;
    const mean = Math.max(1, this.characters / this.count);
    return Math.max(1, Math.floor((MAX_CHARACTERS - this.characters) / mean));
  }
}
