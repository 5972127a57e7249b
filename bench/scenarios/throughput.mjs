/** The closed loops of several scenarios. */
import { closedLoop, startReceivers } from '../load.mjs';
import { cpuPerThousand, interleave, withSubjects } from '../rounds.mjs';

const CONCURRENCY = 32;
const MIN_EVENTS = 20;
/** A workflow per event costs so much more that fewer events are enough for the floor. */
const FLOOR_SHARE = 0.1;

/** @returns one table: accepted/s, delivered/s, CPU seconds per 1,000 events */
export async function throughput({ environment, sizes, subjects: names }, fanOut, title) {
  const receivers = await startReceivers(fanOut);
  const rows = await withSubjects(names, environment, receivers, {}, async (subjects) => {
    await warmUp(subjects, receivers, sizes, fanOut);
    return interleave(sizes.rounds, subjects, async (row, subject, round) => {
      const events = eventsOf(sizes, row, fanOut);
      const { done, cpu } = await cpuPerThousand(environment, subject, events, () =>
        loop(subject, receivers, { events, fanOut, tag: `round-${round}` }),
      );
      const { acceptSeconds, deliverSeconds } = done;
      return { 'accepted/s': events / acceptSeconds, 'delivered/s': (events * fanOut) / deliverSeconds, ...cpu };
    });
  });
  receivers.close();
  return [{ title, reference: 'limit', rows }];
}

/**
 * Runs one uncounted round per subject, which compiles code, opens connections and caches query
 * plans.
 */
export async function warmUp(subjects, receivers, sizes, fanOut = 1) {
  for (const [row, subject] of Object.entries(subjects))
    await loop(subject, receivers, { events: eventsOf(sizes, row, fanOut), fanOut, tag: 'warm-up' });
}

function loop({ send }, receivers, of) {
  return closedLoop(send, receivers, { concurrency: CONCURRENCY, ...of });
}

function eventsOf({ events }, row, fanOut) {
  return Math.max(MIN_EVENTS, Math.round((events / fanOut) * (row === 'floor' ? FLOOR_SHARE : 1)));
}
