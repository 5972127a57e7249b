/** The closed loop with many subscriptions for each event. */
import { throughput } from './throughput.mjs';

export const fanout = {
  name: 'fanout',
  about: 'The closed loop with ten subscriptions (not for the floor, whose workflow has one receiver)',
  async run(bench) {
    const tables = [];
    for (const fanOut of bench.fanOuts) {
      const title = `Closed loop of 32, fan-out of ${fanOut}`;
      const subjects = bench.subjects.filter((name) => name !== 'floor');
      tables.push(...(await throughput({ ...bench, subjects }, fanOut, title)));
    }
    return tables;
  },
};
