import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { fromSetup } from './environment';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'main.js');
const START_TIMEOUT_MS = 120_000;
export const ADMIN_KEY = 'test-admin-key-0123456789';
const MASTER_KEY = randomBytes(32).toString('base64');

/** A response of the API. */
export interface Answer {
  status: number;
  headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of any shape
  body: any;
}

/** The service as a separate process, as an operator runs it. */
export interface ServiceProcess {
  pid: number;
  url: string;
  /** Its output so far. */
  output(): string;
  call(method: string, path: string, body?: unknown, key?: string): Promise<Answer>;
  /**
   * Calls and expects success.
   *
   * @returns the body
   * @throws Error with the response if its status is 300 or more
   */
  must(method: string, path: string, body?: unknown, key?: string): Promise<Answer['body']>;
  /** Kills the process with SIGKILL, as a power loss would. */
  kill9(): Promise<void>;
  /** Sends SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
  /** Stops reading its output, as a log collector does that dies. */
  closeOutput(): void;
}

export interface ServiceOptions {
  databaseUrl?: string;
  temporalAddress?: string;
  env?: Record<string, string>;
  /** Waits only until the API answers, because Temporal may be unreachable. */
  withoutReady?: boolean;
}

/** Creates a new directory, removed at the end of the run. */
export function tempDir(): string {
  return mkdtempSync(path.join(fromSetup('directory'), 'own-'));
}

/** Starts the built service and waits for the line `ready`. */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TEMPORAL_CLI_PATH: fromSetup('temporalCli'),
      SIGNPOST_PORT: '0',
      SIGNPOST_ADMIN_KEY: ADMIN_KEY,
      SIGNPOST_MASTER_KEY: MASTER_KEY,
      SIGNPOST_ALLOW_ADDRESSES: '127.0.0.0/8',
      SIGNPOST_ALLOW_URLS: 'http://127.0.0.1:*',
      SIGNPOST_SHUTDOWN_GRACE_SECONDS: '10',
      ...(options.databaseUrl ? { DATABASE_URL: options.databaseUrl } : {}),
      ...(options.temporalAddress ? { TEMPORAL_ADDRESS: options.temporalAddress } : {}),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = exitOf(child);
  try {
    await waitForLine(child, () => output, options.withoutReady ? /^ {2}API reference/m : /^ready$/m);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const url = /^ {2}API +(\S+)$/m.exec(output)![1]!;
  const call: ServiceProcess['call'] = async (method, route, body, key = ADMIN_KEY) => {
    const response = await fetch(url + route, {
      method,
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    pid: child.pid!,
    url,
    output: () => output,
    call,
    async must(method, route, body, key) {
      const answer = await call(method, route, body, key);
      if (answer.status >= 300) throw new Error(`${method} ${route} ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    async kill9() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
    closeOutput() {
      child.stdout!.destroy();
      child.stderr!.destroy();
    },
  };
}

/** Runs the built service until it exits, as it does if it cannot start. */
export async function runToEnd(
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { code: await exitOf(child), output };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

async function waitForLine(child: ChildProcess, output: () => string, line: RegExp): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (!line.test(output())) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until)
      throw new Error(`The service did not come up:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Onboards a customer by the API. @returns what tests need to post events and check signatures */
export async function onboard(service: ServiceProcess, url: string, settings: Record<string, unknown> = {}) {
  const tag = randomBytes(4).toString('hex');
  const eventType = `payment.confirmed-${tag}.v1`;
  await service.must('POST', '/v1/products', { id: `product-${tag}`, name: 'Product', enabled: true });
  await service.must('PUT', `/v1/event-types/${eventType}`, { productId: `product-${tag}` });
  await service.must('POST', '/v1/customers', { id: `customer-${tag}`, name: 'Customer', productId: `product-${tag}` });
  const subscription = await service.must('POST', '/v1/subscriptions', {
    customerId: `customer-${tag}`,
    name: 'main',
    url,
    eventTypes: [eventType],
    ...settings,
  });
  return {
    eventType,
    customerId: `customer-${tag}`,
    subscriptionId: subscription.id as string,
    secret: subscription.secret as string,
    /** Posts an event, which must be accepted. @returns the ids of its notifications */
    async post(event: Record<string, unknown> = {}): Promise<string[]> {
      const body = await service.must('POST', '/v1/events', {
        type: eventType,
        customerId: `customer-${tag}`,
        data: { amount: 125.5 },
        ...event,
      });
      return (body.notifications as { id: string }[]).map(({ id }) => id);
    },
  };
}
