const LINE_END = /\r?\n/;
const FOLDED = /^[ \t]+/;
/** A name, a colon, and a value without control characters (RFC 9110 §5). */
const HEADER_LINE = /^[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*$/;
/** The names of the headers that say where the body ends. */
const FRAMING = /content-length|transfer-encoding/i;
const CONTENT_LENGTH = /\r?\ncontent-length:[ \t]*(\d+(?:[ \t]*,[ \t]*\d+)*)[ \t]*(?=\r?\n)/gi;

/**
 * Makes a head that undici accepts out of one that it refuses, as far as its meaning is clear.
 *
 * @param head - the status line and all headers, in latin1
 */
export function repairedHead(head: string): string {
  return withOneLength(withoutOddLines(head));
}

/**
 * Joins folded lines by a space (RFC 9112 §5.2), and drops lines that are no headers. If one of
 * them names a framing header, nothing is changed, and undici refuses the response: where its body
 * ends would be a guess.
 */
function withoutOddLines(head: string): string {
  const [statusLine, ...lines] = head.split(LINE_END).filter((line) => line !== '');
  if (lines.every((line) => HEADER_LINE.test(line))) return head;
  const headers: string[][] = [];
  for (const line of lines) {
    if (headers.length > 0 && FOLDED.test(line)) headers.at(-1)!.push(line.replace(FOLDED, ''));
    else headers.push([line]);
  }
  const kept: string[] = [];
  for (const parts of headers) {
    const header = parts.map(withoutBlanksAtEnd).join(' ');
    const isOdd = !HEADER_LINE.test(header);
    if ((isOdd || parts.length > 1) && FRAMING.test(header)) return head;
    if (!isOdd) kept.push(header);
  }
  return [statusLine, ...kept, '', ''].join('\r\n');
}

/**
 * Removes the blanks after a header's value, which are no part of it (RFC 9110 §5.5) and which
 * undici keeps. A regular expression would need quadratic time for many blanks.
 */
export function withoutBlanksAtEnd(value: string): string {
  let end = value.length;
  while (value[end - 1] === ' ' || value[end - 1] === '\t') end -= 1;
  return value.slice(0, end);
}

/** Makes one Content-Length out of several equal ones. Others make the response invalid. */
function withOneLength(head: string): string {
  const lengths = [...head.matchAll(CONTENT_LENGTH)].flatMap(([, values]) => values!.split(/[ \t]*,[ \t]*/));
  if (lengths.length < 2 || lengths.some((length) => length !== lengths[0])) return head;
  let kept = false;
  return head.replace(CONTENT_LENGTH, () => {
    if (kept) return '';
    kept = true;
    return `\r\ncontent-length: ${lengths[0]}`;
  });
}
