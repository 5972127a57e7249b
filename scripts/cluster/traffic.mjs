/** The load of the checks of `npm run cluster`: events posted at a pace, and a receiver of them. */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

const PER_SECOND = 20;
/** The first attempt of every tenth event fails, so that a worker has to make the second one. */
const FAIL_EVERY = 10;
const TRY_AGAIN_AFTER_MS = 250;
const CALL_TIMEOUT_MS = 30_000;
const DELIVERY_TIMEOUT_MS = 90_000;

/** Posts events at a pace, and each one until it is accepted, with the same id, as the SDK does. */
export class Traffic {
  phase = 'calm';
  accepted = 0;
  refused = { calm: 0, killed: 0, rolling: 0 };
  posted = { calm: 0, killed: 0, rolling: 0 };
  #posts = [];
  #running = false;
  #number = 0;
  #loop;

  constructor(call) {
    this.call = call;
  }

  start() {
    this.#running = true;
    this.#loop = this.#run();
  }

  async stop() {
    this.#running = false;
    await this.#loop;
    await Promise.all(this.#posts);
  }

  async #run() {
    while (this.#running) {
      this.#posts.push(this.postOne(this.phase));
      await sleep(1000 / PER_SECOND);
    }
  }

  async postOne(phase) {
    const event = this.event((this.#number += 1));
    for (;;) {
      this.posted[phase] += 1;
      const status = await this.call('POST', '/v1/events', event).then(
        (answer) => answer.status,
        () => 'broken',
      );
      if (status === 202 || status === 200) break;
      this.refused[phase] += 1;
      if (!this.#running) return;
      await sleep(TRY_AGAIN_AFTER_MS);
    }
    this.accepted += 1;
  }

  /** The event with a number. */
  event(number) {
    return { id: `cluster-${number}`, type: 'cluster.checked.v1', customerId: 'cluster', data: { number } };
  }

  summary(phase) {
    return `${this.posted[phase]} posts, ${this.refused[phase]} of them refused or broken`;
  }
}

/** Creates a product, an event type, a customer and a subscription, which it returns. */
export async function setUp(must, receiverUrl) {
  await must('POST', '/v1/products', { id: 'cluster', name: 'Cluster', enabled: true });
  await must('PUT', '/v1/event-types/cluster.checked.v1', { productId: 'cluster', description: 'A check.' });
  await must('POST', '/v1/customers', { id: 'cluster', name: 'Cluster', productId: 'cluster' });
  return must('POST', '/v1/subscriptions', {
    customerId: 'cluster',
    name: 'receiver',
    url: receiverUrl,
    eventTypes: ['cluster.*'],
    retrySchedule: [1, 2, 5, 10],
    timeoutSeconds: 5,
  });
}

/** Calls the API of a cluster through its proxy. */
export function connect({ url, keys, proxy }) {
  const dispatcher = new Agent({ connect: { ca: proxy.ca }, headersTimeout: CALL_TIMEOUT_MS });
  const call = (method, path, body) => send(dispatcher, url, keys.adminKey, method, path, body);
  return {
    call,
    /** @throws Error if the call is refused */
    async must(method, path, body) {
      const { status, body: answer } = await call(method, path, body);
      if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
      return answer;
    },
    /** Makes a call with another credential. */
    callAs: (key, method, path, body) => send(dispatcher, url, key, method, path, body),
    close: () => dispatcher.close(),
  };
}

async function send(dispatcher, url, key, method, path, body) {
  const response = await request(url + path, {
    dispatcher,
    method,
    headers: { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  return { status: response.statusCode, body: await response.body.json() };
}

/** Counts deliveries by the number of their event. */
export async function startReceiver() {
  const seen = new Set();
  const failed = new Set();
  const receiver = { seen, again: 0 };
  const server = createServer(async (incoming, response) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { number } = JSON.parse(Buffer.concat(chunks).toString()).data;
    if (number % FAIL_EVERY === 0 && !failed.has(number)) {
      failed.add(number);
      return response.writeHead(500).end();
    }
    if (seen.has(number)) receiver.again += 1;
    seen.add(number);
    response.writeHead(204).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${server.address().port}/`,
    async reach(count) {
      for (const until = Date.now() + DELIVERY_TIMEOUT_MS; seen.size < count; await sleep(50))
        if (Date.now() > until) throw new Error(`${count} events were accepted, ${seen.size} arrived`);
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
}
