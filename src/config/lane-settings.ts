import type { LaneLimits } from '../domain/lanes';
import { integer, setting, type Setting } from './setting';

const slots = (fallback: number, meaning: string): Setting<number> =>
  setting(integer(2, 10_000, fallback), { default: String(fallback), expected: 'an integer from 2 to 10000', meaning });

const pollers = (fallback: number, meaning: string): Setting<number> =>
  setting(integer(2, 1000, fallback), { default: String(fallback), expected: 'an integer from 2 to 1000', meaning });

/**
 * Settings of the lanes of a worker: how many attempts are in flight, and how many of one customer.
 */
export const LANE_SETTINGS = {
  SIGNPOST_FAST_SLOTS: slots(
    100,
    'Attempts in flight in the fast lane of a worker process, without head starts. Each occupies a workflow task.',
  ),
  SIGNPOST_FAST_SLOTS_PER_CUSTOMER: slots(
    50,
    'Maximum number of attempts of one customer in the fast lane of a worker process. A customer never has more than half of what is free.',
  ),
  SIGNPOST_FAST_SLOTS_PER_SUBSCRIPTION: slots(
    25,
    'Maximum number of attempts of one subscription in the fast lane of a worker process. A subscription never has more than half of what is free.',
  ),
  SIGNPOST_SLOW_SLOTS: slots(200, 'Attempts in flight in the slow lane of a worker process.'),
  SIGNPOST_SLOW_SLOTS_PER_CUSTOMER: slots(
    50,
    'Maximum number of attempts of one customer in the slow lane of a worker process. A customer never has more than half of what is free.',
  ),
  SIGNPOST_SLOW_SLOTS_PER_SUBSCRIPTION: slots(
    25,
    'Maximum number of attempts of one subscription in the slow lane of a worker process. A subscription never has more than half of what is free.',
  ),
  SIGNPOST_CONTROL_SLOTS: slots(
    50,
    'Activities that settle subscriptions, recover notifications and maintain the database, in flight in a worker process.',
  ),
  SIGNPOST_WORKFLOW_TASK_SLOTS: slots(
    200,
    'Workflow tasks in flight in a worker process. Keep it well above `SIGNPOST_FAST_SLOTS`: an attempt in the fast lane keeps its workflow task open.',
  ),
  SIGNPOST_WORKFLOW_TASK_POLLERS: pollers(10, 'Concurrent long polls of a worker process for workflow tasks.'),
  SIGNPOST_ACTIVITY_POLLERS: pollers(
    10,
    'Concurrent long polls of a worker process for activities, for each of the slow lane and the control task queue.',
  ),
} satisfies Record<string, Setting<unknown>>;

type LaneValues = { [Name in keyof typeof LANE_SETTINGS]: number };

/** The lanes of a worker process. */
export interface LaneConfig {
  fast: LaneLimits;
  slow: LaneLimits;
  controlSlots: number;
  workflowTaskSlots: number;
  workflowTaskPollers: number;
  activityPollers: number;
}

export function laneConfig(values: LaneValues): LaneConfig {
  return {
    fast: {
      slots: values.SIGNPOST_FAST_SLOTS,
      perCustomer: values.SIGNPOST_FAST_SLOTS_PER_CUSTOMER,
      perSubscription: values.SIGNPOST_FAST_SLOTS_PER_SUBSCRIPTION,
    },
    slow: {
      slots: values.SIGNPOST_SLOW_SLOTS,
      perCustomer: values.SIGNPOST_SLOW_SLOTS_PER_CUSTOMER,
      perSubscription: values.SIGNPOST_SLOW_SLOTS_PER_SUBSCRIPTION,
    },
    controlSlots: values.SIGNPOST_CONTROL_SLOTS,
    workflowTaskSlots: values.SIGNPOST_WORKFLOW_TASK_SLOTS,
    workflowTaskPollers: values.SIGNPOST_WORKFLOW_TASK_POLLERS,
    activityPollers: values.SIGNPOST_ACTIVITY_POLLERS,
  };
}
