/**
 * One API process and several worker processes: how much each additional worker helps on this
 * machine.
 */
import { closedLoop, startReceivers } from '../load.mjs';
import { cpuPerThousand, interleave } from '../rounds.mjs';
import { onboard, startService } from '../signpost.mjs';
import { completeAll } from './oneeach.mjs';

const WORKERS = [1, 2, 4];
const CONCURRENCY = 32;
const MAX_ROUNDS = 3;
/**
 * Share of the events of the other scenarios: the nine rounds of each kind would otherwise take too
 * long.
 */
const SHARE = 0.5;
const PARTS = ['node', 'postgres', 'temporal'];
const WARM_UP_EVENTS = 50;

export const processes = {
  name: 'processes',
  about: 'One API process with 1, 2 and 4 worker processes: delivered/s, and workflows completed/s without bursts',
  async run(bench) {
    if (!bench.subjects.includes('signpost')) return [];
    const together = await compare(bench, { SIGNPOST_BURST: 'on' }, deliver);
    const each = await compare(bench, { SIGNPOST_BURST: 'off' }, complete);
    const reference = '1 worker';
    return [
      { title: 'Separate API and workers, closed loop of 32', reference, rows: together },
      { title: 'Separate API and workers, one workflow each', reference, rows: each },
    ];
  },
};

async function compare({ environment, sizes }, env, runRound) {
  const receivers = await startReceivers(1);
  const deployments = {};
  try {
    for (const workers of WORKERS)
      deployments[workers === 1 ? '1 worker' : `${workers} workers`] = await deploy(
        environment,
        receivers,
        workers,
        env,
      );
    return await interleave(Math.min(MAX_ROUNDS, sizes.rounds), deployments, (_row, deployment, round) =>
      runRound(environment, deployment, receivers, sizes, `round-${round}`),
    );
  } finally {
    for (const { stop } of Object.values(deployments)) await stop();
    receivers.close();
  }
}

async function deploy(environment, receivers, workers, env) {
  const sandbox = await environment.sandbox();
  const api = await startService(environment, sandbox, { ...env, SIGNPOST_ROLE: 'api' });
  const all = [api];
  for (let index = 0; index < workers; index++)
    all.push(await startService(environment, sandbox, { ...env, SIGNPOST_ROLE: 'worker' }));
  const { send } = await onboard(api.url, receivers.urls);
  await closedLoop(send, receivers, { events: WARM_UP_EVENTS, concurrency: CONCURRENCY, tag: 'warm-up' });
  return {
    sandbox,
    send,
    pids: all.map(({ pid }) => pid),
    parts: PARTS,
    async stop() {
      for (const { stop } of all) await stop();
    },
  };
}

async function deliver(environment, deployment, receivers, sizes, tag) {
  const events = Math.ceil(sizes.events * SHARE);
  const { done, cpu } = await cpuPerThousand(environment, deployment, events, () =>
    closedLoop(deployment.send, receivers, { events, concurrency: CONCURRENCY, tag }),
  );
  return { 'delivered/s': events / done.deliverSeconds, ...cpu };
}

async function complete(environment, deployment, _receivers, sizes, tag) {
  const count = Math.ceil(sizes['own-workflows'] * SHARE);
  const { done, cpu } = await cpuPerThousand(environment, deployment, count, () =>
    completeAll(environment, deployment, 'deliverNotification', count, tag),
  );
  return { 'completed/s': count / done, ...cpu };
}
