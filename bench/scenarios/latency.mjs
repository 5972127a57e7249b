/** Open loops: how long accepting and delivering take below capacity. */
import { openLoop, startReceivers } from '../load.mjs';
import { interleave, withSubjects } from '../rounds.mjs';
import { warmUp } from './throughput.mjs';

/** The rate of the targets. */
const MAIN_RATE = 20;
const OTHER_RATES = [10, 50, 100];
/** The floor cannot sustain a higher rate. */
const FLOOR_MAX_RATE = 20;
const OTHER_ROUNDS = 3;

export const latency = {
  name: 'latency',
  about: 'Open loop of 10, 20, 50 and 100 events a second: accept and send to receipt, p50 and p99',
  async run({ environment, sizes, subjects: names }) {
    const receivers = await startReceivers(1);
    const tables = await withSubjects(names, environment, receivers, {}, async (subjects) => {
      await warmUp(subjects, receivers, sizes);
      const measured = [];
      for (const perSecond of [MAIN_RATE, ...OTHER_RATES]) {
        const isMain = perSecond === MAIN_RATE;
        const able = Object.entries(subjects).filter(([row]) => row !== 'floor' || perSecond <= FLOOR_MAX_RATE);
        const events = Math.ceil(perSecond * sizes['latency-seconds'] * (isMain ? 1 : 0.5));
        const rounds = isMain ? sizes.rounds : Math.min(OTHER_ROUNDS, sizes.rounds);
        const rows = await interleave(rounds, Object.fromEntries(able), (row, { send }, round) =>
          openLoop(send, receivers, { events, perSecond, tag: `${perSecond}-${round}` }),
        );
        measured.push({ title: `Open loop of ${perSecond} events a second`, reference: 'limit', rows });
      }
      return measured;
    });
    receivers.close();
    return tables;
  },
};
