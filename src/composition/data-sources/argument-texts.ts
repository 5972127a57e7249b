import { ComposeError, type ArgumentType } from '../../domain/composing';
import type { SourceQuery } from './source';

/** What a database that reads fewer forms than Postgres can take. */
interface Limits {
  /** Digits of a number before and after its point. */
  whole: number;
  fraction: number;
  /** Appended to a timestamp in UTC. */
  zone: string;
}

/**
 * The values of arguments as texts that every database reads in the same way. Some turn a text that
 * they cannot read into null, which would find other rows.
 *
 * @throws ComposeError if a value is not one of its type, or has too many digits
 */
export function argumentTexts(
  { parameters }: SourceQuery,
  values: readonly (string | null)[],
  limits: Limits,
): (string | null)[] {
  return values.map((value, index) => {
    const { name, type } = parameters[index]!;
    if (value === null) return null;
    const text = textOf(value, type, limits);
    if (text === undefined) {
      const problem = type === 'number' ? 'has too many digits for its data source' : `is not of type ${type}`;
      throw new ComposeError(`the argument ${name} ${problem}`);
    }
    return text;
  });
}

function textOf(value: string, type: ArgumentType, { whole, fraction, zone }: Limits): string | undefined {
  switch (type) {
    case 'int':
      return value.replace(/^\+/, '');
    case 'number':
      return plainDecimal(value, whole, fraction);
    case 'boolean':
      return value === 'true' ? '1' : '0';
    case 'date':
      return isDay(value) ? value : undefined;
    case 'timestamp': {
      const time = utcTime(value);
      return time && `${time}${zone}`;
    }
    case 'uuid':
      return value
        .replace(/[{}-]/g, '')
        .toLowerCase()
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    default:
      return value;
  }
}

/** Writes a number without an exponent. */
function plainDecimal(text: string, maxWhole: number, maxFraction: number): string | undefined {
  const [, sign, before, after = '', exponent = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:[eE](.+))?$/.exec(text)!;
  const point = before!.length + Number(exponent);
  const all = `${'0'.repeat(Math.max(0, -point))}${before}${after}`.padEnd(point, '0');
  const whole = all.slice(0, Math.max(0, point)).replace(/^0+/, '') || '0';
  const fraction = all.slice(Math.max(0, point)).replace(/0+$/, '');
  if (whole.length > maxWhole || fraction.length > maxFraction) return undefined;
  return `${sign === '-' ? '-' : ''}${whole}${fraction && `.${fraction}`}`;
}

function isDay(text: string): boolean {
  const time = new Date(`${text}T00:00:00Z`);
  // JavaScript takes the 30th of February.
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

/** `2026-01-31 10:00:00.5` in UTC. A time without an offset is one in UTC. */
function utcTime(text: string): string | undefined {
  const parts = /^(.{10}).(\d{2}:\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:[Zz]|([+-]\d{2}):?(\d{2}))?$/.exec(text);
  if (!parts || !isDay(parts[1]!)) return undefined;
  const [, day, minutes, seconds = '00', fraction, hour = '+00', minute = '00'] = parts;
  const time = new Date(`${day}T${minutes}:${seconds}Z`).getTime();
  if (Number.isNaN(time) || Math.abs(Number(hour)) > 15 || Number(minute) > 59) return undefined;
  const offset = (Math.abs(Number(hour)) * 60 + Number(minute)) * (hour.startsWith('-') ? -1 : 1);
  const utc = new Date(time - offset * 60_000).toISOString();
  if (utc.length !== '2026-01-31T10:00:00.000Z'.length) return undefined;
  return `${utc.slice(0, 19).replace('T', ' ')}${fraction ? `.${fraction.slice(0, 7)}` : ''}`;
}
