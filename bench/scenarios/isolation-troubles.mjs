/**
 * The troubles that a customer can cause, for the scenario `isolation`. Each one has a `title`, and
 * `begin(bench)`, which returns when the trouble has set in. `bench` has the `service`, and `url`,
 * the URL of a receiver in a mode: `/hang` never answers, `/fail` answers 503 until `turn()` makes
 * it hang, everything else is answered.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { concurrently } from '../load.mjs';
import { onboard } from '../signpost.mjs';

/** Time for a trouble to set in. */
const SET_IN_MS = 3000;
const BATCH = 100;
const FAST_SECONDS = 15;
const SLOW_SECONDS = 600;
const RETRY_AFTER_SECONDS = 4;
const ENDLESS = { language: 'jsonata', expression: '($again := function($n) { $again($n + 1) }; $again(0))' };

export const TROUBLES = [
  {
    title: 'one endpoint, 200 slow requests that hang',
    async begin({ service, url, scale }) {
      const customer = await onboard(service.url, [url('/hang')], { timeoutSeconds: SLOW_SECONDS });
      await post(customer, scale(200));
      await sleep(SET_IN_MS);
    },
  },
  {
    title: 'five endpoints of one customer hang',
    async begin({ service, url, scale }) {
      const urls = Array.from({ length: 5 }, (_, index) => url(`/hang/${index}`));
      const customer = await onboard(service.url, urls, { timeoutSeconds: FAST_SECONDS });
      await post(customer, scale(200));
      await sleep(SET_IN_MS);
      return repeatedly((round) => post(customer, scale(20), round));
    },
  },
  {
    title: 'retries of a receiver that turned from 503 to hanging',
    async begin({ service, url, turn, scale }) {
      const retrySchedule = [RETRY_AFTER_SECONDS, RETRY_AFTER_SECONDS, RETRY_AFTER_SECONDS];
      const customer = await onboard(service.url, [url('/fail')], { timeoutSeconds: FAST_SECONDS, retrySchedule });
      await post(customer, scale(500));
      turn();
      await sleep(RETRY_AFTER_SECONDS * 1000);
    },
  },
  {
    title: '300 wait behind a limit of 1/s',
    async begin({ service, url, scale }) {
      const customer = await onboard(service.url, [url('/limited')], { rateLimitPerSecond: 1 });
      await post(customer, scale(300));
      await sleep(SET_IN_MS);
    },
  },
  {
    title: 'name servers that do not answer',
    deadNameServer: true,
    async begin({ service, scale }) {
      const urls = Array.from({ length: 20 }, (_, index) => `http://endpoint-${index}.dead.example/hook`);
      const customer = await onboard(service.url, urls, { timeoutSeconds: FAST_SECONDS });
      await post(customer, scale(20));
      await sleep(SET_IN_MS);
      return repeatedly((round) => post(customer, scale(5), round));
    },
  },
  {
    title: '60 endless transforms',
    async begin({ service, url, scale }) {
      const customer = await onboard(service.url, [url('/transformed')], { transform: ENDLESS });
      await post(customer, scale(60));
      return repeatedly((round) => post(customer, scale(60), round));
    },
  },
  {
    title: 'a flood of 20,000',
    async begin({ service, url, scale }) {
      const customer = await onboard(service.url, [url('/flood')]);
      const flood = post(customer, scale(20_000));
      flood.catch(() => undefined);
      await sleep(SET_IN_MS / 6);
      return () => flood;
    },
  },
];

async function post({ sendBatch }, count, round = 0) {
  await concurrently(8, Math.ceil(count / BATCH), (batch) =>
    sendBatch(
      Array.from({ length: Math.min(BATCH, count - batch * BATCH) }, (_, index) => `${round}-${batch * BATCH + index}`),
    ),
  );
}

/** Repeats a part of the trouble every second. @returns ends it */
function repeatedly(work) {
  const end = new AbortController();
  const running = (async () => {
    for (let round = 1; !end.signal.aborted; round++) {
      await work(round);
      await sleep(1000);
    }
  })();
  running.catch(() => undefined);
  return () => {
    end.abort();
    return running;
  };
}
