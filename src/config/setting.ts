import { z } from 'zod';

/**
 * One setting, read from one environment variable. The schema turns the variable's text, or its
 * absence, into the value that the code uses.
 */
export interface Setting<T> {
  schema: z.ZodType<T>;
  /** For the docs. */
  default: string;
  /** For the docs and for error messages, where it follows "must be". */
  expected: string;
  meaning: string;
  secret?: boolean;
  /** An empty variable means "none". @default false, it counts as unset */
  emptyMeansNone?: boolean;
}

export function setting<T>(schema: z.ZodType<T>, doc: Omit<Setting<T>, 'schema'>): Setting<T> {
  return { schema, ...doc };
}

export const text = z.string().min(1).optional();

const givenInteger = (min: number, max: number) =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max));

export const integer = (min: number, max: number, fallback: number) => givenInteger(min, max).default(fallback);

export const optionalInteger = (min: number, max: number) => givenInteger(min, max).optional();

export const list = (isValid: (entry: string) => boolean) =>
  z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean),
    )
    .refine((entries) => entries.every(isValid))
    .optional();
