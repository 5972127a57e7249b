/** Closed loop: 32 concurrent senders, one receiver. */
import { throughput } from './throughput.mjs';

export const closed = {
  name: 'closed',
  about:
    'Closed loop of 32 concurrent senders, one subscription: accepted/s, delivered/s, CPU seconds per 1,000 events by process',
  run: (bench) => throughput(bench, 1, 'Closed loop of 32, one subscription'),
};
