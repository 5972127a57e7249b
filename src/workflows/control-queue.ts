import { patched, workflowInfo } from '@temporalio/workflow';
import { CONTROL_TASK_QUEUE_SUFFIX, SLOW_TASK_QUEUE_SUFFIX } from '../domain/delivery';

/**
 * The task queue of a workflow's control activities. Workflows that began before there was one keep
 * to the queue of the slow lane, where their histories scheduled the activities.
 */
export function controlTaskQueue(): string {
  const suffix = patched('control-queue') ? CONTROL_TASK_QUEUE_SUFFIX : SLOW_TASK_QUEUE_SUFFIX;
  return workflowInfo().taskQueue + suffix;
}
