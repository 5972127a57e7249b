import { randomFillSync } from 'node:crypto';

/**
 * Ids are UUIDv7 (RFC 9562 §5.7). The first 48 bits are the Unix time in milliseconds, so ids sort
 * by age and determine a row's partition. Public ids are a prefix and 26 characters of lower-case
 * Crockford base32, which keeps the order.
 */
export type IdKind =
  | 'evt'
  | 'sub'
  | 'ntf'
  | 'att'
  | 'key'
  | 'chg'
  | 'url'
  | 'sec'
  | 'aud'
  | 'cli'
  | 'rec'
  | 'prt'
  | 'ers'
  | 'ses'
  | 'usr'
  | 'pin'
  | 'prq'
  | 'dep';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const HEX = '0123456789abcdef';
const ENCODED_LENGTH = 26;
const NONE = 0xff;
/** Values of characters by character code. Tables, because each notification needs several ids. */
const NIBBLES = valuesOf(HEX);
const DIGITS = valuesOf(ALPHABET);
const MAX_COUNTER = 0xfff;
/** How far ids may be ahead of the clock. Further, the clock was wrong before and is right now. */
const MAX_AHEAD_MS = 10_000;

let lastMs = 0;
let counter = 0;

/**
 * A new UUIDv7 in its 36-character text form. Within one process ids increase: the 12 bits after
 * the time are a counter. If it overflows or the clock steps back, the time part runs ahead of the
 * clock. After a step back of more than 10 s it follows the clock again, because an id far in the
 * future would belong to a partition that is not there yet.
 */
export function newUuid(nowMs: number = Date.now()): string {
  if (nowMs > lastMs || lastMs - nowMs > MAX_AHEAD_MS) {
    lastMs = nowMs;
    counter = 0;
  } else if (counter < MAX_COUNTER) {
    counter += 1;
  } else {
    lastMs += 1;
    counter = 0;
  }
  const bytes = randomBytes16();
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** The lower bound of ids created at or after `ms`, for time filters and partition bounds. */
export function uuidFloor(ms: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, Math.floor(ms)), 0, 6);
  return formatUuid(bytes);
}

/** The first and the last UUID with the same time and counter as this one. */
export function uuidsSharingTime(uuid: string): [first: string, last: string] {
  const shared = uuid.slice(0, 19);
  return [`${shared}0000-000000000000`, `${shared}ffff-ffffffffffff`];
}

/** The creation time of a UUIDv7 in Unix milliseconds. */
export function uuidTimeMs(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}

/**
 * The creation time of a UUIDv7. Lists are sorted and filtered by ids, so this is the time that
 * they show: the time of the transaction is some milliseconds later.
 */
export const uuidTime = (uuid: string) => new Date(uuidTimeMs(uuid));

/** Random bytes for 256 ids. One call into native code per id would double the cost of an id. */
const pool = Buffer.alloc(16 * 256);
let drawn = pool.length;

function randomBytes16(): Buffer {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  return pool.subarray(drawn, (drawn += 16));
}

/** The public form of an id, as in `ntf_01k…`. */
export function encodeId(kind: IdKind, uuid: string): string {
  let text = `${kind}_`;
  // 26 digits hold 130 bits, so two zero bits come first.
  let bits = 2;
  let held = 0;
  for (let index = 0; index < uuid.length; index++) {
    const nibble = NIBBLES[uuid.charCodeAt(index)]!;
    if (nibble === NONE) continue;
    held = (held << 4) | nibble;
    bits += 4;
    if (bits < 5) continue;
    bits -= 5;
    text += ALPHABET[held >> bits];
    held &= (1 << bits) - 1;
  }
  return text;
}

/** @returns the UUID of a public id, or `undefined` if the text is not an id of that kind */
export function decodeId(kind: IdKind, id: string): string | undefined {
  const start = kind.length + 1;
  if (id.length !== start + ENCODED_LENGTH || !id.startsWith(`${kind}_`)) return undefined;
  let hex = '';
  let bits = -2;
  let held = 0;
  for (let index = start; index < id.length; index++) {
    const digit = DIGITS[id.charCodeAt(index)] ?? NONE;
    if (digit === NONE) return undefined;
    held = (held << 5) | digit;
    bits += 5;
    // The two extra bits must be zero.
    if (index === start && held > 7) return undefined;
    while (bits >= 4) {
      bits -= 4;
      hex += HEX[held >> bits];
      held &= (1 << bits) - 1;
    }
  }
  return formatHex(hex);
}

/** Shorter texts would select days of ids. */
const MIN_PREFIX_LENGTH = 8;

/** @returns the first and last UUID whose public id begins with a text that is not a whole id */
export function idsWithPrefix(kind: IdKind, text: string): [first: string, last: string] | undefined {
  const start = kind.length + 1;
  if (text.length < start + MIN_PREFIX_LENGTH || text.length >= start + ENCODED_LENGTH) return undefined;
  const first = decodeId(kind, text.padEnd(start + ENCODED_LENGTH, ALPHABET[0]));
  const last = decodeId(kind, text.padEnd(start + ENCODED_LENGTH, ALPHABET.at(-1)));
  return first !== undefined && last !== undefined ? [first, last] : undefined;
}

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(128).fill(NONE);
  for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;
  return values;
}

/** A new public id. */
export function newId(kind: IdKind): string {
  return encodeId(kind, newUuid());
}

function formatUuid(bytes: Buffer): string {
  return formatHex(bytes.toString('hex'));
}

function formatHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function uuidOf(notificationId: string): string {
  const uuid = decodeId('ntf', notificationId);
  if (uuid === undefined) throw new Error(`${notificationId} is not a notification id.`);
  return uuid;
}

/** Whether a text is a UUID as Postgres prints it. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
