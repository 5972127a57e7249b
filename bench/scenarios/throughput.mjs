/** What the closed loops have in common. */
import { closedLoop, startReceivers } from '../load.mjs';
import { cpuPerThousand, interleave, withSubjects } from '../rounds.mjs';

const CONCURRENCY = 32;
const MIN_EVENTS = 20;
/** A workflow each costs so much more that fewer say as much. */
const FLOOR_SHARE = 0.1;

/** @returns one table: accepted/s, delivered/s, CPU seconds per 1,000 events */
export async function throughput({ environment, sizes, subjects: names }, fanOut, title) {
  const receivers = await startReceivers(fanOut);
  const eventsFor = (row) =>
    Math.max(MIN_EVENTS, Math.round((sizes.events / fanOut) * (row === 'floor' ? FLOOR_SHARE : 1)));
  const loop = ({ send }, events, tag) =>
    closedLoop(send, receivers, { events, concurrency: CONCURRENCY, fanOut, tag });
  const rows = await withSubjects(names, environment, receivers, {}, async (subjects) => {
    // A first round, of each, is spent compiling.
    for (const [row, subject] of Object.entries(subjects)) await loop(subject, eventsFor(row), 'warm-up');
    return interleave(sizes.rounds, subjects, async (row, subject, round) => {
      const events = eventsFor(row);
      const { done, cpu } = await cpuPerThousand(environment, subject, events, () =>
        loop(subject, events, `round-${round}`),
      );
      const { acceptSeconds, deliverSeconds } = done;
      return { 'accepted/s': events / acceptSeconds, 'delivered/s': (events * fanOut) / deliverSeconds, ...cpu };
    });
  });
  receivers.close();
  return [{ title, reference: 'limit', rows }];
}
