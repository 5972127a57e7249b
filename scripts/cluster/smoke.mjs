/**
 * The smoke test of `npm run cluster`: posts events through the proxy while processes are killed
 * and replaced, and compares what was accepted with what the receiver got.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, setUp, startReceiver, Traffic } from './traffic.mjs';

/** @throws Error that says what did not hold */
export async function smoke({ url, keys, proxy, services }, print) {
  const { call, must, close } = connect({ url, keys, proxy });
  const receiver = await startReceiver();
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
    await close();
  }
}
