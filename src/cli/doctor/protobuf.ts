/**
 * The wire format of protocol buffers, as far as messages without generated code need it:
 * https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** A field with an integer that is not negative. */
export function integerField(number: number, value: number): Buffer {
  return Buffer.concat([varint((number << 3) | VARINT), varint(value)]);
}

export function textField(number: number, text: string): Buffer {
  return messageField(number, [Buffer.from(text)]);
}

/** @param parts - the fields of the message */
export function messageField(number: number, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint((number << 3) | LENGTH_DELIMITED), varint(content.length), content]);
}

/**
 * Reads the contents of all fields with a number: those of a text or message, and the encoded bytes
 * of a number.
 *
 * @throws RangeError if the message is cut off
 */
export function fieldsOf(message: Buffer, number: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length;) {
    const [key, afterKey] = readVarint(message, at);
    const [from, to] = contentAt(message, Number(key & 7n), afterKey);
    if (to > message.length) throw new RangeError('the message is cut off');
    if (Number(key >> 3n) === number) found.push(message.subarray(from, to));
    at = to;
  }
  return found;
}

function contentAt(message: Buffer, wireType: number, at: number): [from: number, to: number] {
  if (wireType === VARINT) return [at, readVarint(message, at)[1]];
  if (wireType === FIXED_64) return [at, at + 8];
  if (wireType === FIXED_32) return [at, at + 4];
  if (wireType !== LENGTH_DELIMITED) throw new RangeError(`wire type ${wireType} is not supported`);
  const [length, from] = readVarint(message, at);
  return [from, from + Number(length)];
}

function readVarint(message: Buffer, at: number): [value: bigint, after: number] {
  let value = 0n;
  for (let index = at; index < message.length; index++) {
    const byte = message[index]!;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (index - at));
    if (byte < 0x80) return [value, index + 1];
  }
  throw new RangeError('the message is cut off');
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}
