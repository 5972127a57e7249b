import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import type { maintain } from '../workflows';
import type { Temporal } from './connection';

const SCHEDULE_ID = 'signpost-maintenance';

/** Creates the daily Temporal schedule of maintenance, unless it exists. */
export async function ensureMaintenanceSchedule({ client }: Temporal, taskQueue: string): Promise<void> {
  if (await exists(client)) return;
  try {
    await client.schedule.create<typeof maintain>({
      scheduleId: SCHEDULE_ID,
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

async function exists(client: Client): Promise<boolean> {
  try {
    await client.schedule.getHandle(SCHEDULE_ID).describe();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
