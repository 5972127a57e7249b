import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { LosslessJson } from '../../src/domain/lossless-json';
import { isRetryPreset, type RetryPreset } from '../../src/domain/retry-schedule';
import { parseTimestamp } from '../../src/domain/timestamp';
import type { OutOfOrderRule } from '../../src/domain/types';
import { CliError, EXIT } from './exit-codes';
import type { Io } from './output';

/** Returns a parser for an option that takes a whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min)
      throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`);
    return value;
  };
}

/** Parses an option that takes a list: repeated, separated by commas, or both. */
export function listOf(text: string, previous: string[] = []): string[] {
  return [
    ...previous,
    ...text
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  ];
}

/**
 * Parses a retry schedule: seconds separated by commas (`30,300,1800`), the name of a preset, or
 * `none` for an empty schedule.
 */
export function secondsList(text: string): number[] | RetryPreset {
  // The name, because with `growing` a new subscription gets another out-of-order rule.
  if (isRetryPreset(text)) return text;
  if (text === 'none') return [];
  const seconds = listOf(text);
  if (seconds.some((entry) => !/^\d+$/.test(entry) || Number(entry) < 1))
    throw new InvalidArgumentError('Expected seconds separated by commas, such as 30,300, or default, growing, none.');
  return seconds.map(Number);
}

/**
 * Parses an out-of-order rule: seconds and failures (`432000,10`), or `never`. Commander replaces
 * null by an empty text, so {@link ruleOf} makes it null afterwards.
 */
export function outOfOrderRule(text: string): OutOfOrderRule | 'never' {
  if (text === 'never') return text;
  const match = /^(\d+),(\d+)$/.exec(text);
  if (!match) throw new InvalidArgumentError('Expected seconds and failures, such as 432000,10, or never.');
  return { afterSeconds: Number(match[1]), minFailures: Number(match[2]) };
}

/** The rule in a request: null for `never`, undefined if the option is absent. */
export function ruleOf(rule: OutOfOrderRule | 'never' | undefined): OutOfOrderRule | null | undefined {
  return rule === 'never' ? null : rule;
}

/** Parses `Name: value` and adds it to the headers of the previous occurrences. */
export function header(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const match = /^([^:\s]+):\s*(.*)$/.exec(text);
  if (!match) throw new InvalidArgumentError('Expected "Name: value".');
  return { ...previous, [match[1]!]: match[2]! };
}

const AGO = /^(\d+)(m|h|d)$/;
const SECONDS = { m: 60, h: 3600, d: 86_400 };

/**
 * Parses a time: RFC 3339, or an age such as `30m`, `6h` or `2d`.
 *
 * @returns RFC 3339 in UTC, with all digits of the second
 */
export function timestamp(text: string): string {
  const ago = AGO.exec(text);
  if (ago) return new Date(Date.now() - Number(ago[1]) * SECONDS[ago[2] as 'm' | 'h' | 'd'] * 1000).toISOString();
  const exact = parseTimestamp(text);
  if (exact) return exact.text;
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('Expected a time such as 2026-01-31T12:00:00Z, or an age such as 30m, 6h or 2d.');
  return new Date(time).toISOString();
}

/** The message about a number that JavaScript does not keep. */
export const INEXACT = 'has more digits than a double, and would be sent as another number: use the API, or a string';

/**
 * Parses JSON from the argument itself, from a file (`@file`), or from standard input (`-`).
 *
 * @param option - name of the option, for the error message
 * @throws CliError with exit code `usage` if the text is not JSON, has a number that would be sent
 *   as another one, or the file cannot be read
 */
export async function jsonArgument(text: string, option: string, io: Io): Promise<unknown> {
  const source = text === '-' ? await io.stdin() : text.startsWith('@') ? readText(text.slice(1)) : text;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw new CliError(EXIT.usage, `${option} is not valid JSON: ${(error as Error).message}`);
  }
  const [inexact] = new LosslessJson(source).inexactNumbers(1);
  if (inexact) throw new CliError(EXIT.usage, `${option}: /${inexact.join('/')} ${INEXACT}`);
  return value;
}

/** @throws CliError with exit code `usage` if the file cannot be read */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `Cannot read ${file}: ${(error as Error).message}`);
  }
}

/**
 * Reads a secret that was given as the option itself or as a file, which the list of processes does
 * not show.
 *
 * @param name - name of the option, to which `-file` is added for the other
 * @returns undefined if neither was given
 * @throws CliError with exit code `usage` if both were given, or the file is empty or unreadable
 */
export async function secretOption(
  io: Io,
  name: string,
  given: string | undefined,
  file: string | undefined,
): Promise<string | undefined> {
  if (file === undefined) return given;
  if (given !== undefined) throw new CliError(EXIT.usage, `Set either --${name} or --${name}-file, not both.`);
  const secret = (file === '-' ? await io.stdin() : readText(file)).replace(/\r?\n$/, '');
  if (secret === '') throw new CliError(EXIT.usage, `--${name}-file is empty.`);
  return secret;
}

/**
 * The values that are defined, so that an absent option does not become a field of a request.
 *
 * @typeParam T - what the caller sends; the service checks the values that a person typed
 */
export function definedOnly<T extends object>(values: object): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

const ID_OPTIONS = { customer: 'customerId', product: 'productId', subscription: 'subscriptionId' } as const;

/**
 * The fields of a request that options stand for: `--customer` becomes `customerId`, for example.
 *
 * @typeParam T - as of {@link definedOnly}
 */
export function fromOptions<T extends object>(options: object): T {
  return Object.fromEntries(
    Object.entries(definedOnly(options)).map(([name, value]) => [
      ID_OPTIONS[name as keyof typeof ID_OPTIONS] ?? name,
      value as unknown,
    ]),
  ) as T;
}
