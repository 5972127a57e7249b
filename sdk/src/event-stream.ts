/** A block of a stream of server-sent events (HTML standard, §9.2). */
export interface Frame {
  /** The position in the stream; `undefined` if the block has none. */
  id: string | undefined;
  /** The event's name; `message` if it has none. */
  event: string;
  /** Empty for a block without data, such as a heartbeat. */
  data: string;
}

/** Reads the blocks of server-sent events. Drops a block that the end of the stream cuts off. */
export async function* framesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame, void> {
  const decoder = new TextDecoder();
  let rest = '';
  let block: string[] = [];
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the end may be the first half of CR LF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line !== '') block.push(line);
      else {
        yield frameOf(block);
        block = [];
      }
    }
  }
}

function frameOf(lines: readonly string[]): Frame {
  const values = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''));
  return { id: values('id').at(-1), event: values('event').at(-1) ?? 'message', data: values('data').join('\n') };
}
