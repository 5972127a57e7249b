import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ENCODED_LENGTH = 26;
const MAX_COUNTER = 0xfff;
/** How far ids may be ahead of the clock. Further, the clock was wrong before and is right now. */
const MAX_AHEAD_MS = 10_000;

let lastMs = 0;
let counter = 0;

/**
 * A new event id: a TypeID, which is `evt_` and a UUIDv7 (RFC 9562 §5.7) in 26 characters of
 * lower-case Crockford base32. Ids sort by the time at which they were created, also within a
 * millisecond of one process.
 */
export function newEventId(nowMs: number = Date.now()): string {
  if (nowMs > lastMs || lastMs - nowMs > MAX_AHEAD_MS) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter > MAX_COUNTER) {
    // The clock stepped back, or this process makes more than 4096 ids in a millisecond.
    lastMs += 1;
    counter = 0;
  }
  const bytes = randomBytes(16);
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `evt_${base32(bytes)}`;
}

/** 26 digits hold 130 bits, so two zero bits come first. */
function base32(bytes: Buffer): string {
  let value = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let digit = 0; digit < ENCODED_LENGTH; digit++) {
    text = ALPHABET[Number(value & 31n)]! + text;
    value >>= 5n;
  }
  return text;
}
