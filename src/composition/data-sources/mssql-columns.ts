import { ComposeError } from '../../domain/composing';
import { base64, digits, float32, float64, quoted, withoutZeros, type ToJson } from './row-texts';
import { notInJson } from './source';

/** A column of a result, by the name of its type in the driver. */
export interface MssqlColumn {
  name: string;
  type: string;
  scale?: number;
}

/** A time of the driver: what it has beyond milliseconds, in seconds. */
type PreciseDate = Date & { nanosecondsDelta?: number };

/**
 * How the values of a column become JSON.
 *
 * @throws ComposeError for a type that has no form in JSON
 */
export function columnToJson({ name, type, scale = 0 }: MssqlColumn): ToJson {
  switch (type) {
    case 'Bit':
      return (value) => (value ? 'true' : 'false');
    case 'TinyInt':
    case 'SmallInt':
    case 'Int':
    case 'BigInt':
      return digits;
    case 'Decimal':
    case 'Numeric':
      return (value) => exact(name, value as number, scale);
    case 'Money':
    case 'SmallMoney':
      return (value) => exact(name, value as number, 4);
    case 'Real':
      return float32;
    case 'Float':
      return float64;
    case 'Date':
      return (value) => quoted((value as Date).toISOString().slice(0, 10));
    case 'Time':
      return (value) => quoted(isoTime(value as PreciseDate).slice('1970-01-01T'.length));
    case 'DateTime':
    case 'DateTime2':
    case 'SmallDateTime':
      return (value) => quoted(isoTime(value as PreciseDate));
    case 'DateTimeOffset':
      return (value) => quoted(`${isoTime(value as PreciseDate)}+00:00`);
    case 'Binary':
    case 'VarBinary':
    case 'Image':
      return base64;
    case 'Char':
    case 'NChar':
    case 'VarChar':
    case 'NVarChar':
    case 'Text':
    case 'NText':
    case 'Xml':
    case 'UniqueIdentifier':
      return quoted;
    default:
      throw new ComposeError(notInJson(name));
  }
}

/** The driver reads decimals as floating-point numbers, which have all digits up to this one. */
const EXACT_BELOW = 2 ** 52;

function exact(name: string, value: number, scale: number): string {
  if (Math.abs(value) * 10 ** scale >= EXACT_BELOW)
    throw new ComposeError(`the column ${name} has more than 15 digits; convert it to varchar in the query`);
  const text = value.toFixed(scale);
  return /[1-9]/.test(text) ? text : text.replace('-', '');
}

/** The column holds no offset, or the driver has converted it: in both cases the parts are UTC. */
function isoTime(time: PreciseDate): string {
  const beyond = Math.round((time.nanosecondsDelta ?? 0) * 1e7);
  return withoutZeros(`${time.toISOString().slice(0, -1)}${String(beyond).padStart(4, '0')}`);
}
