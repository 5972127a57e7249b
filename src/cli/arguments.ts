import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { isRetryPreset, RETRY_PRESETS } from '../domain/retry-schedule';
import type { OutOfOrderRule } from '../domain/types';
import { CliError, EXIT } from './exit-codes';
import type { Io } from './output';

/** Reads an option as a whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min) throw new InvalidArgumentError(`expected a whole number, at least ${min}.`);
    return value;
  };
}

/** Reads an option that may be given several times, or once with commas. */
export function listOf(text: string, before: string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  ];
}

/** Reads a retry schedule: seconds separated by commas, as in `30,300,1800`, or the name of a preset; `none` is an empty list. */
export function secondsList(text: string): number[] {
  if (isRetryPreset(text)) return [...RETRY_PRESETS[text]];
  return text === 'none' ? [] : listOf(text).map(wholeNumber(1));
}

/** Reads when a subscription goes out of order: seconds and failures, as in `432000,10`; `never` is none. */
export function outOfOrderRule(text: string): OutOfOrderRule | null {
  if (text === 'never') return null;
  const match = /^(\d+),(\d+)$/.exec(text);
  if (!match) throw new InvalidArgumentError('expected seconds and failures as 432000,10, or never.');
  return { afterSeconds: Number(match[1]), minFailures: Number(match[2]) };
}

/** Reads `Name: value` into the headers read so far. */
export function header(text: string, before: Record<string, string> = {}): Record<string, string> {
  const match = /^([^:\s]+):\s*(.*)$/.exec(text);
  if (!match) throw new InvalidArgumentError('expected "Name: value".');
  return { ...before, [match[1]!]: match[2]! };
}

const AGO = /^(\d+)(m|h|d)$/;
const SECONDS = { m: 60, h: 3600, d: 86_400 };

/** Reads a moment: RFC 3339, or how long ago, as in `30m`, `6h`, `2d`. @returns RFC 3339 */
export function moment(text: string): string {
  const ago = AGO.exec(text);
  if (ago) return new Date(Date.now() - Number(ago[1]) * SECONDS[ago[2] as 'm' | 'h' | 'd'] * 1000).toISOString();
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('expected a time as 2026-01-31T12:00:00Z, or 30m, 6h, 2d ago.');
  return new Date(time).toISOString();
}

/**
 * Reads JSON given as text, as `@file`, or as `-` for standard input.
 *
 * @param what - names it in the message
 * @throws CliError usage
 */
export async function jsonArgument(text: string, what: string, io: Io): Promise<unknown> {
  const source = text === '-' ? await io.stdin() : text.startsWith('@') ? readText(text.slice(1)) : text;
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    throw new CliError(EXIT.usage, `${what} is not JSON: ${(error as Error).message}`);
  }
}

/** @throws CliError usage where the file cannot be read */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Only what was given: an absent option must not become a field. */
export function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

const ID_OPTIONS = { customer: 'customerId', product: 'productId', subscription: 'subscriptionId' } as const;

/** Options as fields of the API: `--customer` is `customerId` there, and so on. */
export function withIds<T extends object>(options: T): Record<string, Extract<T[keyof T], string>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [ID_OPTIONS[name as keyof typeof ID_OPTIONS] ?? name, value]),
  ) as Record<string, Extract<T[keyof T], string>>;
}
