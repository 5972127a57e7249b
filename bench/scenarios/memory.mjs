/** Memory of a process with the role `all`: idle, under load, and after some time under load. */
import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop, paced, startReceivers } from '../load.mjs';
import { HAS_PROC, watchMemory } from '../proc.mjs';
import { onboard, startService } from '../signpost.mjs';
import { median, summarise } from '../statistics.mjs';

const CONCURRENCY = 32;
const IDLE_SECONDS = 20;
const QUICK_IDLE_SECONDS = 2;
const SOAK_PER_SECOND = 100;

export const memory = {
  name: 'memory',
  about: 'Memory (PSS) of one process: idle, in a closed loop, and in a soak of 100 events a second',
  async run({ environment, sizes, subjects, quick }) {
    if (!subjects.includes('signpost') || !HAS_PROC) return [];
    const receivers = await startReceivers(1);
    const sandbox = await environment.sandbox();
    const service = await startService(environment, sandbox);
    const { send } = await onboard(service.url, receivers.urls);
    const watch = async (work) => (await watchMemory(service.pid, work)).samples.pss;

    const idle = await watch(() => sleep((quick ? QUICK_IDLE_SECONDS : IDLE_SECONDS) * 1000));
    const loops = [];
    for (let round = 0; round < sizes.rounds; round++) {
      const loop = { events: sizes.events, concurrency: CONCURRENCY, tag: `round-${round}` };
      loops.push(...(await watch(() => closedLoop(send, receivers, loop))));
    }
    const events = sizes['soak-seconds'] * SOAK_PER_SECOND;
    const soak = await watch(() => paced(send, { events, perSecond: SOAK_PER_SECOND, tag: 'soak' }));
    await service.stop();
    receivers.close();

    const third = Math.ceil(soak.length / 3);
    const rows = {
      idle: memoryFigures(idle),
      'closed loop': memoryFigures(loops),
      'soak, first third': memoryFigures(soak.slice(0, third)),
      'soak, last third': memoryFigures(soak.slice(-third)),
    };
    const minutes = sizes['soak-seconds'] / 60;
    const title = `Memory of one process; soak of ${minutes >= 1 ? `${minutes} min` : `${sizes['soak-seconds']} s`}`;
    return [{ title, reference: 'soak, first third', rows }];
  },
};

function memoryFigures(samples) {
  return summarise([{ 'PSS MB': median(samples), 'max MB': Math.max(...samples) }]);
}
