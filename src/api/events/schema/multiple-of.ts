import { str, type Ajv } from 'ajv';
import { spend } from './work';

/** An exponent of a double may be 308, and then its decimal has as many digits. */
const UNITS = 64;

/**
 * Replaces the keyword `multipleOf`, which divides doubles: 19.99 / 0.01 is no whole number for
 * them. This one divides the decimals that the doubles stand for.
 */
export function replaceMultipleOf(ajv: Ajv): void {
  ajv.removeKeyword('multipleOf');
  ajv.addKeyword({
    keyword: 'multipleOf',
    type: 'number',
    schemaType: 'number',
    validate: isMultiple,
    errors: false,
    error: { message: ({ schemaCode }) => str`must be multiple of ${schemaCode}` },
  });
}

function isMultiple(divisor: number, value: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  // 1e400 in JSON: the digits are lost.
  if (!Number.isFinite(value)) return false;
  spend(UNITS);
  const dividend = decimalOf(value);
  const step = decimalOf(divisor);
  const power = Math.min(dividend.power, step.power);
  return scaled(dividend, power) % scaled(step, power) === 0n;
}

/** A number is `digits` times 10 to the power of `power`. */
interface Decimal {
  digits: bigint;
  power: number;
}

function decimalOf(value: number): Decimal {
  const [mantissa, exponent = '0'] = String(value).split('e');
  const [whole, fraction = ''] = mantissa!.split('.');
  return { digits: BigInt(whole + fraction), power: Number(exponent) - fraction.length };
}

const scaled = ({ digits, power }: Decimal, to: number): bigint => digits * 10n ** BigInt(power - to);
