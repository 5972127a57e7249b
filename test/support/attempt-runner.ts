import { pino } from 'pino';
import { createAttempts, type AttemptRunner } from '../../src/attempts/attempt-runner';
import type { AttemptInput } from '../../src/attempts/stages';
import type { AttemptDeps } from '../../src/attempts/deps';
import type { HttpRequest, HttpResult } from '../../src/delivery/http-client';
import { createMetrics } from '../../src/process/metrics';
import type { Database, Statement } from '../../src/store/db/database';
import { createRecorder } from '../../src/store/notifications/recorder';
import { TEST_SEALER } from './seed';

/** An answer of a receiver that took no time. */
export function httpResult(status: number, overrides: Partial<HttpResult> = {}): HttpResult {
  const at = new Date();
  return {
    startedAt: at,
    finishedAt: at,
    durationMs: 1,
    response: { status, headers: {}, body: '', truncated: false, bodyTruncated: false },
    error: status < 300 ? null : { class: 'status', message: `HTTP ${status}` },
    ...overrides,
  };
}

/** An attempt runner on a real database, with a receiver that answers as a test says. */
export function testRunner(
  db: Database,
  send: (request: HttpRequest) => HttpResult | Promise<HttpResult>,
  overrides: Partial<AttemptDeps> = {},
): AttemptRunner {
  const http = { send: async (request: HttpRequest) => send(request), close: async () => undefined };
  return createAttempts({ ...testDeps(db), http, ...overrides }).run;
}

/** What a runner needs, apart from a receiver. */
export function testDeps(db: Database): Omit<AttemptDeps, 'cutOff' | 'http'> {
  return {
    db,
    sealer: TEST_SEALER,
    publicUrl: () => 'http://signpost.example',
    composer: { compose: () => Promise.reject(new Error('nothing is composed here')) },
    recorder: createRecorder(db),
    operational: { failingPercents: [50, 70, 90], quietSeconds: 600 },
    settle: async () => undefined,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  };
}

/** The first attempt of a workflow for a notification. */
export function attemptInput(notificationId: string, overrides: Partial<AttemptInput> = {}): AttemptInput {
  return {
    notificationId,
    sequence: 1,
    trigger: 'scheduled',
    step: 0,
    attemptKey: 'run:1',
    workflowId: `notification/${notificationId}`,
    processId: 'this-process',
    slow: false,
    ...overrides,
  };
}

/**
 * A database that does something before certain statements run. @param before - awaited with every
 * statement
 */
export function watched(db: Database, before: (statement: Statement) => unknown): Database {
  const query: Database['query'] = async (statement) => {
    await before(statement);
    return db.query(statement);
  };
  return { ...db, query };
}
