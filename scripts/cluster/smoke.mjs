/**
 * The smoke test of `npm run cluster`: posts events through the proxy while processes are killed
 * and replaced, and compares what was accepted with what the receiver got.
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

const PER_SECOND = 20;
/** The first attempt of every tenth event fails, so that a worker has to make the second one. */
const FAIL_EVERY = 10;
const TRY_AGAIN_AFTER_MS = 250;
const CALL_TIMEOUT_MS = 30_000;
const DELIVERY_TIMEOUT_MS = 90_000;

/** @throws Error that says what did not hold */
export async function smoke({ url, keys, proxy, services }, print) {
  const dispatcher = new Agent({ connect: { ca: proxy.ca }, headersTimeout: CALL_TIMEOUT_MS });
  const receiver = await startReceiver();
  const call = (method, path, body) => send(dispatcher, url, keys.adminKey, method, path, body);
  const must = async (method, path, body) => {
    const { status, body: answer } = await call(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const traffic = new Traffic(call);
  try {
    const ready = await must('GET', '/readyz');
    print(`the proxy answers with its certificate: ${JSON.stringify(ready)}`);
    await setUp(must, receiver.url);
    await traffic.postOne('calm');
    await receiver.reach(1);
    print('one event was posted through the proxy and delivered');

    traffic.start();
    await sleep(2000);
    const by = Object.fromEntries(services.map((service) => [service.name, service]));
    traffic.phase = 'killed';
    print('kill -9 of api-1 and worker-1, under load');
    for (const name of ['api-1', 'worker-1']) by[name].kill9();
    await sleep(2500);
    await Promise.all(services.map((service) => service.ready));
    await sleep(2000);
    print(`all processes are ready again; ${traffic.summary('killed')}`);

    traffic.phase = 'rolling';
    for (const name of ['worker-1', 'worker-2', 'api-1', 'api-2']) {
      const code = await by[name].replace();
      if (code !== 0) throw new Error(`${name} ended with ${code} instead of 0 after SIGTERM`);
      print(`${name} was replaced`);
    }
    await sleep(1000);
    await traffic.stop();
    print(`rolling restart; ${traffic.summary('rolling')}`);
    if (traffic.refused.rolling > 0) throw new Error('the rolling restart broke requests');

    const accepted = traffic.accepted;
    await receiver.reach(accepted);
    const { items } = await must('GET', '/v1/notifications?status=failed&limit=1');
    if (items.length > 0) throw new Error('a notification failed');
    print(`${accepted} events accepted, ${receiver.seen.size} delivered, ${receiver.again} of them more than once`);
    if (receiver.seen.size !== accepted) throw new Error('the receiver got events that nobody was promised');
  } finally {
    await traffic.stop();
    receiver.close();
    await dispatcher.close();
  }
}

/** Posts events at a pace, and each one until it is accepted, with the same id, as the SDK does. */
class Traffic {
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
    const number = (this.#number += 1);
    const event = { id: `cluster-${number}`, type: 'cluster.checked.v1', customerId: 'cluster', data: { number } };
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

  summary(phase) {
    return `${this.posted[phase]} posts, ${this.refused[phase]} of them refused or broken`;
  }
}

async function setUp(must, receiverUrl) {
  await must('POST', '/v1/products', { id: 'cluster', name: 'Cluster', enabled: true });
  await must('PUT', '/v1/event-types/cluster.checked.v1', { productId: 'cluster', description: 'A check.' });
  await must('POST', '/v1/customers', { id: 'cluster', name: 'Cluster', productId: 'cluster' });
  await must('POST', '/v1/subscriptions', {
    customerId: 'cluster',
    name: 'receiver',
    url: receiverUrl,
    eventTypes: ['cluster.*'],
    retrySchedule: [1, 2, 5, 10],
    timeoutSeconds: 5,
  });
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
async function startReceiver() {
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
