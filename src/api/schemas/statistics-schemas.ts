import { z } from 'zod';

const percentile = (name: string) =>
  z.int().nullable().describe(`${name} of the response times in milliseconds, accurate to 7 %; null without attempts.`);

/** Percentiles of response times. */
export const percentiles = {
  p50Ms: percentile('Median'),
  p95Ms: percentile('95th percentile'),
  p99Ms: percentile('99th percentile'),
};

/** The attempts of a subscription over the last day. */
export const dayStatisticsSchema = z
  .object({
    attempts: z.int().describe('Number of attempts over the last day, to about a minute.'),
    successRate: z.number().min(0).max(1).nullable().describe('Share of successful attempts; null without attempts.'),
    ...percentiles,
  })
  .describe('Over the last day.');
