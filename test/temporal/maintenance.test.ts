import { CONTROL_TASK_QUEUE_SUFFIX } from '../../src/domain/delivery';
import { newUuid } from '../../src/domain/ids';
import { ensureMaintenanceSchedule } from '../../src/temporal/maintenance-schedule';
import type { maintain } from '../../src/workflows';
import { usePipeline } from '../support/use-pipeline';
import { until } from '../support/until';

/** The daily housekeeping on a real Temporal server, by its workflow and by its schedule. */
const schedule = () => on.pipeline.temporal.client.schedule.getHandle('signpost-maintenance');
// Before the hooks of the pipeline, which closes the connection.
afterAll(() => schedule().delete());
const on = usePipeline();

const insertSession = () =>
  on.pipeline.db.query({
    text: "insert into sessions (token_hash, credential, credential_key_id, csrf_token, expires_at) values ($1, '', '', '', now() - interval '1 day')",
    values: [Buffer.from(newUuid())],
  });
const sessions = async () => (await on.pipeline.db.query({ text: 'select from sessions' })).rowCount;

it('runs as a workflow, with its activity on the control task queue', async () => {
  await insertSession();
  const handle = await on.pipeline.temporal.client.workflow.start<typeof maintain>('maintain', {
    taskQueue: on.pipeline.taskQueue,
    workflowId: `maintain-${on.pipeline.taskQueue}`,
    args: [],
  });
  await handle.result();
  expect(await sessions()).toBe(0);
  const { events } = await handle.fetchHistory();
  const queues = events!.flatMap(
    ({ activityTaskScheduledEventAttributes: activity }) => activity?.taskQueue?.name ?? [],
  );
  expect(queues).toEqual([on.pipeline.taskQueue + CONTROL_TASK_QUEUE_SUFFIX]);
});

it('has a schedule for every day, which runs it', async () => {
  await ensureMaintenanceSchedule(on.pipeline.temporal, on.pipeline.taskQueue);
  const { spec, policies, action } = await schedule().describe();
  expect(spec.calendars).toMatchObject([{ hour: [{ start: 3 }], minute: [{ start: 17 }] }]);
  expect(spec.calendars![0]!.dayOfMonth).toMatchObject([{ start: 1, end: 31 }]);
  expect(policies!.overlap).toBe('SKIP');
  expect(action).toMatchObject({ workflowType: 'maintain', taskQueue: on.pipeline.taskQueue });
  await insertSession();
  await schedule().trigger();
  await until(sessions, (count) => count === 0);
});

it('keeps the schedule that another process has made', async () => {
  await ensureMaintenanceSchedule(on.pipeline.temporal, on.pipeline.taskQueue);
  await schedule().pause('by an operator');
  await ensureMaintenanceSchedule(on.pipeline.temporal, 'another-task-queue');
  const { state, action } = await schedule().describe();
  expect(state.paused).toBe(true);
  expect(action).toMatchObject({ taskQueue: on.pipeline.taskQueue });
});
