import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { maintain } from '../workflows';
import type { Temporal } from './connection';

/** Creates the daily Temporal schedule of maintenance, unless it exists. */
export async function ensureMaintenanceSchedule({ client }: Temporal, taskQueue: string): Promise<void> {
  try {
    await client.schedule.create<typeof maintain>({
      scheduleId: 'signpost-maintenance',
      spec: { calendars: [{ hour: 3, minute: 17 }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP },
      action: {
        type: 'startWorkflow',
        workflowType: 'maintain',
        workflowId: 'signpost-maintenance',
        taskQueue,
        args: [],
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
