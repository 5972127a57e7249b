import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { FairBound } from '../../domain/fair-bound';
import { inboxTokenOf, MAX_CAPTURED_BODY_BYTES, type PlayAnswer, type PlayInbox } from '../../domain/play';
import { Problem, problemBody } from '../../domain/problems';
import { TimeLimit } from '../../process/time-limit';
import type { Sealer } from '../../store/db/crypto';
import type { Database } from '../../store/db/database';
import { findInboxByToken } from '../../store/play/inboxes';
import { insertRequest } from '../../store/play/requests';
import { findSigners, secretsOfSender } from '../../store/play/signers';
import { toProblem } from '../http/problem-response';
import type { Limits } from '../limits/limits';
import { Turns } from '../limits/turns';
import { judge } from './captured';

/** Requests of others than this service that the process receives at a time. */
const MAX_FOREIGN_REQUESTS = 50;
/** Those of them whose inbox is being looked up. */
const MAX_FOREIGN_LOOKUPS = 50;
const BODY_TIMEOUT_MS = 10_000;
/** Captures of one inbox that have a connection of the pool, and those that wait for one. */
const WRITES_AT_ONCE = 2;
const MAX_WRITES_WAITING = 100;
const MS_PER_SECOND = 1000;

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // The body is whatever somebody wrote, at the origin of the web UI.
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
};
const WITHOUT_BODY = new Set([204, 205, 304]);

/** The path as it is shown: the token is a secret of the inbox's owner. */
const INBOX_ROUTE = '/play/in/:token';

interface PlayDeps {
  db: Database;
  sealer: Sealer;
  limits: Pick<Limits, 'admit'>;
  log: Logger;
}

/**
 * The test receiver of a process. Deliveries of the process reach it by {@link connect}, over a
 * connection in memory, so they need no address, and the address guard stays closed. Everybody else
 * reaches it through the page of the API.
 */
export class PlayReceiver {
  private readonly turns = new Turns(WRITES_AT_ONCE, MAX_WRITES_WAITING);
  /** Listens on no port. */
  private readonly server = createServer((request, response) => void this.receive(request, response));
  private lookups = 0;
  /** Held by customers: an inbox may delay its answers for a minute. */
  private readonly foreign = new FairBound(MAX_FOREIGN_REQUESTS);

  constructor(private readonly deps: PlayDeps) {}

  /** Opens a connection in memory, over which the caller speaks HTTP/1.1. */
  connect(): Duplex {
    const [client, server] = duplexPair();
    // Neither end of a pair notices that the other was destroyed.
    client.once('close', () => server.destroy());
    server.once('close', () => setImmediate(() => client.destroy()));
    this.server.emit('connection', server);
    return client;
  }

  /** Ends all connections in memory. */
  close(): void {
    this.server.closeAllConnections();
  }

  /**
   * Receives a request from outside, and answers it.
   *
   * @returns false if the path is not one of an inbox; then nothing was answered
   */
  async receiveFrom(request: IncomingMessage, response: ServerResponse, address: string): Promise<boolean> {
    if (inboxTokenOf(pathOf(request)) === undefined) return false;
    await this.receive(request, response, address);
    return true;
  }

  /** @param address - of the sender. Absent: this process sent the request itself */
  private async receive(request: IncomingMessage, response: ServerResponse, address?: string) {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const respond = async (inbox: PlayInbox) => {
      const answer = await this.capture(inbox, request, address === undefined);
      if (answer.delaySeconds > 0) await sleep(answer.delaySeconds * MS_PER_SECOND, undefined, { signal: gone.signal });
      send(response, answer);
    };
    try {
      const inbox = await (address === undefined ? this.find(request) : this.findFor(request, address));
      await (address === undefined ? respond(inbox) : this.hold(inbox.customerId, () => respond(inbox)));
    } catch (error) {
      if (gone.signal.aborted) return;
      const problem = toProblem(error);
      if (problem.status >= 500) this.deps.log.warn({ err: error }, 'a test request was not captured');
      answerProblem(response, problem);
    }
  }

  /** @throws Problem not-found */
  private async find(request: IncomingMessage): Promise<PlayInbox> {
    const token = inboxTokenOf(pathOf(request));
    const inbox = token === undefined ? undefined : await findInboxByToken(this.deps.db, token);
    if (!inbox) throw noInbox();
    return inbox;
  }

  /** @throws Problem not-found, too-many-requests */
  private async findFor(request: IncomingMessage, address: string): Promise<PlayInbox> {
    if (this.lookups >= MAX_FOREIGN_LOOKUPS) throw tooMany();
    this.lookups += 1;
    try {
      return await this.find(request);
    } catch (error) {
      if (error instanceof Problem) await this.deps.limits.admit('failedCredentials', address);
      throw error;
    } finally {
      this.lookups -= 1;
    }
  }

  /** Counts work for a request from outside. @throws Problem too-many-requests */
  private async hold(customerId: string, work: () => Promise<void>): Promise<void> {
    if (!this.foreign.hasRoom(customerId, 1)) throw tooMany();
    this.foreign.take(customerId, 1);
    try {
      await work();
    } finally {
      this.foreign.giveBack(customerId, 1);
    }
  }

  /** @throws Problem not-found, too-many-requests, payload-too-large */
  private async capture(inbox: PlayInbox, request: IncomingMessage, isOwn: boolean): Promise<PlayAnswer> {
    const { db, sealer, limits } = this.deps;
    await limits.admit('playRequests', inbox.id);
    const body = await readBody(request);
    return this.turns.take(inbox.id, async () => {
      const signers = await findSigners(db, sealer, inbox);
      const ofSender = isOwn ? await secretsOfSender(db, sealer, request.headers['signpost-notification']) : [];
      const received = { request, body, isOwn, ofSender };
      const { captured, challengeAnswer } = judge(inbox, received, signers, Date.now());
      const answer =
        challengeAnswer === undefined ? inbox.answer : { status: 200, delaySeconds: 0, body: challengeAnswer };
      // The inbox may have been deleted meanwhile.
      if (!(await insertRequest(db, { ...captured, responseStatus: answer.status }))) throw noInbox();
      return answer;
    });
  }
}

const pathOf = ({ url }: IncomingMessage) => (url ?? '').split('?')[0]!;

/** @throws Problem payload-too-large, invalid-request */
function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (problem: Problem) => {
      limit.clear();
      request.removeAllListeners('data').resume();
      reject(problem);
    };
    const limit = new TimeLimit(BODY_TIMEOUT_MS, () => fail(new Problem('invalid-request', 'The body took too long.')));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_CAPTURED_BODY_BYTES) fail(new Problem('payload-too-large', 'The body has more than 1 MiB.'));
      else chunks.push(chunk);
    });
    request.on('end', () => {
      limit.clear();
      resolve(Buffer.concat(chunks));
    });
    request.on('error', () => fail(new Problem('invalid-request', 'The body is incomplete.')));
  });
}

function send(response: ServerResponse, { status, body }: PlayAnswer): void {
  const type = isJson(body) ? 'application/json' : 'text/plain';
  response.writeHead(status, { ...HEADERS, ...(body && { 'content-type': `${type}; charset=utf-8` }) });
  response.end(WITHOUT_BODY.has(status) ? undefined : body);
}

function answerProblem(response: ServerResponse, problem: Problem): void {
  const { status, options } = problem;
  // The rest of the body is not read.
  const fixed = { 'content-type': 'application/problem+json; charset=utf-8', connection: 'close' };
  response.writeHead(status, { ...HEADERS, ...options.headers, ...fixed });
  response.end(problemBody(problem, INBOX_ROUTE));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const noInbox = () => new Problem('not-found', 'The inbox does not exist, or has expired.');

function tooMany(): Problem {
  return new Problem('too-many-requests', 'The test receiver is busy. Retry later.', {
    headers: { 'retry-after': '5' },
  });
}
