export type Status = 'ok' | 'warn' | 'fail';

/** What a check found. */
export interface Result {
  status: Status;
  detail: string;
  /** Repairs what was found, if that is safe. @returns the new detail */
  repair?(): Promise<string>;
}

/** Examines one thing. What `run` throws is a failure of the check. */
export interface Check {
  name: string;
  run(): Result | Promise<Result>;
}

/** One line of the report. */
export interface Finding {
  check: string;
  status: Status;
  detail: string;
  /** Whether `--fix` repairs it, or has done so. */
  repair: 'none' | 'possible' | 'done' | 'failed';
}

/**
 * Runs checks one after the other.
 *
 * @param fix - whether to repair what is safe to repair
 */
export async function runChecks(checks: readonly Check[], fix: boolean): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await runCheck(check, fix));
  return findings;
}

async function runCheck({ name: check, run }: Check, fix: boolean): Promise<Finding> {
  let result: Result;
  try {
    result = await run();
  } catch (error) {
    return { check, status: 'fail', detail: messageOf(error), repair: 'none' };
  }
  const { status, detail, repair } = result;
  if (!repair) return { check, status, detail, repair: 'none' };
  if (!fix) return { check, status, detail, repair: 'possible' };
  try {
    return { check, status: 'ok', detail: await repair(), repair: 'done' };
  } catch (error) {
    return { check, status, detail: `${detail} The repair failed: ${messageOf(error)}`, repair: 'failed' };
  }
}

/** Errors of gRPC have the reason in their cause, and those of connections may have a code only. */
export function messageOf(error: unknown): string {
  const { message, code, cause } = error as { message?: string; code?: unknown; cause?: unknown };
  const reason = (cause as { details?: string } | undefined)?.details;
  return reason || message || String(code);
}
