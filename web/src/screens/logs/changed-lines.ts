/** A line of one of two texts. `changed`: the other text lacks it. */
export interface Line {
  text: string;
  changed: boolean;
}

/** Above this, comparing every pair of lines would take long, and only equal places are matched. */
const MAX_LINES = 1500;

/** Returns the lines of both texts, and which of them only one text has. */
export function changedLines(left: string, right: string): [Line[], Line[]] {
  const [one, other] = [left.split('\n'), right.split('\n')];
  const kept: [Set<number>, Set<number>] =
    one.length > MAX_LINES || other.length > MAX_LINES ? samePlaces(one, other) : commonLines(one, other);
  return [marked(one, kept[0]), marked(other, kept[1])];
}

const marked = (lines: string[], kept: Set<number>): Line[] =>
  lines.map((text, index) => ({ text, changed: !kept.has(index) }));

function samePlaces(one: string[], other: string[]): [Set<number>, Set<number>] {
  const same = new Set(one.flatMap((line, index) => (line === other[index] ? [index] : [])));
  return [same, same];
}

/** The longest common subsequence. */
function commonLines(one: string[], other: string[]): [Set<number>, Set<number>] {
  const width = other.length + 1;
  const lengths = new Uint16Array((one.length + 1) * width);
  for (let i = one.length - 1; i >= 0; i--)
    for (let j = other.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        one[i] === other[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
  const kept: [Set<number>, Set<number>] = [new Set(), new Set()];
  for (let i = 0, j = 0; i < one.length && j < other.length;) {
    if (one[i] === other[j]) {
      kept[0].add(i++);
      kept[1].add(j++);
    } else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
    else j++;
  }
  return kept;
}
