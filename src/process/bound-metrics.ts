import { Counter, Gauge, type Registry } from 'prom-client';

/** What one process holds in memory, and what it refused or left to others at a bound. */
export interface BoundMetrics {
  startsLeft: Counter<'cause'>;
  startQueueRefused: Counter;
  headStartsLeft: Counter<'reason'>;
  eventsInHand: Gauge;
  eventsInHandRefused: Counter;
  requestBytes: Gauge;
  requestBytesRefused: Counter;
}

/** What the side thread reports. */
export interface SideThreadMetrics {
  sideThreadBusy: Gauge;
  sideThreadWaiting: Gauge;
  sideThreadRefused: Counter<'kind'>;
}

/** What head starts report. */
interface HeadStartUse {
  sending: number;
  waiting: number;
  waitingBytes: number;
}

/** Creates the metrics of the bounds of one process. */
export function createBoundMetrics(registry: Registry): BoundMetrics & SideThreadMetrics {
  const registers = [registry];
  return {
    startsLeft: new Counter({
      name: 'signpost_starts_left_total',
      help: 'Notifications whose start was left to the reconciler, by cause: unreachable (Temporal), or failed.',
      labelNames: ['cause'],
      registers,
    }),
    startQueueRefused: new Counter({
      name: 'signpost_start_queue_refused_total',
      help: 'Events refused because too many notifications of their customer, or in all, wait for a workflow.',
      registers,
    }),
    headStartsLeft: new Counter({
      name: 'signpost_head_starts_left_total',
      help: 'First attempts left to their workflows, by reason: late, slow (subscription), full (queue), postponed, or stopped.',
      labelNames: ['reason'],
      registers,
    }),
    eventsInHand: new Gauge({
      name: 'signpost_events_in_hand',
      help: 'Events that this process is accepting.',
      registers,
    }),
    eventsInHandRefused: new Counter({
      name: 'signpost_events_in_hand_refused_total',
      help: 'Events refused because too many of their customer, or in all, were being accepted.',
      registers,
    }),
    requestBytes: new Gauge({
      name: 'signpost_request_bytes',
      help: 'Bodies of the requests that this process is handling, in bytes.',
      registers,
    }),
    requestBytesRefused: new Counter({
      name: 'signpost_request_bytes_refused_total',
      help: 'Requests refused because of the bodies that this process is handling.',
      registers,
    }),
    sideThreadBusy: new Gauge({
      name: 'signpost_side_thread_busy',
      help: 'Whether the side thread is at work: 1 or 0.',
      registers,
    }),
    sideThreadWaiting: new Gauge({
      name: 'signpost_side_thread_waiting',
      help: 'Jobs that wait for the side thread.',
      registers,
    }),
    sideThreadRefused: new Counter({
      name: 'signpost_side_thread_refused_total',
      help: 'Jobs that the side thread did not do in time, by kind: read, validate, or compile.',
      labelNames: ['kind'],
      registers,
    }),
  };
}

/** Registers what head starts report at each scrape. */
export function registerHeadStartMetrics(registry: Registry, use: HeadStartUse): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('signpost_head_starts_in_use', 'Slots of head starts in use.', () => use.sending);
  gauge('signpost_head_starts_waiting', 'Head starts that wait for a slot.', () => use.waiting);
  gauge('signpost_head_starts_waiting_bytes', 'Payloads of head starts that wait.', () => use.waitingBytes);
}
