import type { FieldPacket } from 'mysql2';
import { ComposeError } from '../../domain/composing';
import { base64, digits, float32, float64, quoted, withoutZeros, type ToJson } from './row-texts';
import { notInJson } from './source';

/** Types of columns in the protocol of MySQL. */
const TYPE = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longLong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  varchar: 15,
  bit: 16,
  json: 245,
  newDecimal: 246,
  enum: 247,
  set: 248,
  tinyBlob: 249,
  mediumBlob: 250,
  longBlob: 251,
  blob: 252,
  varString: 253,
  string: 254,
} as const;
/** The character set of bytes. */
const BINARY = 63;

/**
 * How the values of a column become JSON.
 *
 * @throws ComposeError for a type that has no form in JSON
 */
export function columnToJson({ name, columnType, columnLength, characterSet, extendedFormat }: FieldPacket): ToJson {
  // MariaDB stores JSON as a text, and marks it.
  if (columnType === TYPE.json || extendedFormat === 'json') return document;
  switch (columnType) {
    case TYPE.tiny:
      // BOOLEAN is TINYINT(1).
      return columnLength === 1 ? flag : digits;
    case TYPE.short:
    case TYPE.long:
    case TYPE.int24:
    case TYPE.longLong:
    case TYPE.year:
    case TYPE.decimal:
    case TYPE.newDecimal:
      return digits;
    case TYPE.float:
      return float32;
    case TYPE.double:
      return float64;
    case TYPE.bit:
      return columnLength === 1 ? (value) => flag(bits(value)) : bits;
    case TYPE.date:
    case TYPE.time:
      return (value) => quoted(withoutZeros(String(value)));
    case TYPE.datetime:
      return (value) => quoted(isoTime(value));
    case TYPE.timestamp:
      // The session is in UTC.
      return (value) => quoted(`${isoTime(value)}+00:00`);
    case TYPE.null:
      return () => 'null';
    case TYPE.varchar:
    case TYPE.enum:
    case TYPE.set:
    case TYPE.tinyBlob:
    case TYPE.mediumBlob:
    case TYPE.longBlob:
    case TYPE.blob:
    case TYPE.varString:
    case TYPE.string:
      return characterSet === BINARY ? base64 : quoted;
    default:
      throw new ComposeError(notInJson(name));
  }
}

const flag: ToJson = (value) => (String(value) === '1' ? 'true' : String(value) === '0' ? 'false' : String(value));

const bits: ToJson = (value) => BigInt(`0x${Buffer.from(value as Uint8Array).toString('hex') || '0'}`).toString();

const isoTime = (value: unknown) => withoutZeros(String(value)).replace(' ', 'T');

/** A text that is no JSON, which only a column without its check can hold, stays a text. */
const document: ToJson = (value) => {
  const text = String(value);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return quoted(text);
  }
};
