import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { eachConcurrently } from '../domain/concurrency';
import { pauseAfterMs } from '../domain/pause';
import type { TemporalLink } from './connection';
import { callWithDeadline } from './deadline';
import { CUSTOMER } from './search-attributes';

/**
 * Deletions at the same time. Temporal removes the histories itself, in the background. Nobody
 * waits for an erasure, so each is followed by a pause while Temporal is busy.
 */
const CONCURRENCY = 4;
/** Workflow ids in one query. */
const IDS_PER_QUERY = 50;
const RUNS_PER_PAGE = 200;
/**
 * Temporal takes a while to remove a run, and each request for it is more work. So a run is asked
 * for again only in case that the first request was lost.
 */
const ASK_AGAIN_AFTER_MS = 60_000;
const MAX_ASKED = 100_000;

/** gRPC statuses. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

interface Run {
  workflowId: string;
  /** Absent: the latest run. */
  runId?: string;
}

/** Deletes runs of workflows with their histories. A run that has not ended is terminated first. */
export class WorkflowEraser {
  /** The ids of runs whose deletion was requested. */
  private readonly asked = new LRUCache<string, true>({ max: MAX_ASKED, ttl: ASK_AGAIN_AFTER_MS });

  constructor(private readonly temporal: Pick<TemporalLink, 'use'>) {}

  /**
   * Deletes all runs of workflows.
   *
   * @param onProgress - called after each run
   * @returns the number of runs
   */
  async deleteAll(workflowIds: readonly string[], onProgress: () => void): Promise<number> {
    const runs: Run[] = [];
    for (let first = 0; first < workflowIds.length; first += IDS_PER_QUERY) {
      const ids = workflowIds.slice(first, first + IDS_PER_QUERY);
      runs.push(...(await this.list(`WorkflowId in (${ids.map((id) => `'${id}'`).join(', ')})`)));
    }
    const listed = new Set(runs.map(({ workflowId }) => workflowId));
    // Temporal lists a run somewhat later than it exists.
    for (const workflowId of workflowIds) if (!listed.has(workflowId)) runs.push({ workflowId });
    return this.deleteRuns(runs, onProgress);
  }

  /**
   * Deletes runs that name a customer in their search attributes.
   *
   * @param onProgress - called after each run
   * @returns how many runs Temporal lists, which includes removed ones for a moment, and how many
   *   of them it has not removed yet
   */
  async deleteOf(customerId: string, onProgress: () => void): Promise<{ listed: number; left: number }> {
    const runs = await this.list(`${CUSTOMER.name} = '${customerId}'`);
    const fresh = runs.filter(({ runId = '' }) => !this.asked.has(runId));
    const left = runs.length - fresh.length + (await this.deleteRuns(fresh, onProgress));
    return { listed: runs.length, left };
  }

  private async deleteRuns(runs: readonly Run[], onProgress: () => void): Promise<number> {
    let deleted = 0;
    await eachConcurrently(runs, CONCURRENCY, async (execution) => {
      const since = performance.now();
      if (await this.deleteRun(execution)) deleted += 1;
      onProgress();
      await sleep(pauseAfterMs(performance.now() - since));
    });
    return deleted;
  }

  /** @returns false if there is no such run */
  private async deleteRun(workflowExecution: Run): Promise<boolean> {
    try {
      await callWithDeadline(this.temporal, (client) =>
        client.workflowService.deleteWorkflowExecution({ namespace: namespaceOf(client), workflowExecution }),
      );
      if (workflowExecution.runId) this.asked.set(workflowExecution.runId, true);
      return true;
    } catch (error) {
      if (codeOf(error) === NOT_FOUND) return false;
      throw error;
    }
  }

  private async list(query: string): Promise<Run[]> {
    try {
      const { executions } = await callWithDeadline(this.temporal, (client) =>
        client.workflowService.listWorkflowExecutions({
          namespace: namespaceOf(client),
          pageSize: RUNS_PER_PAGE,
          query,
        }),
      );
      return (executions ?? []).flatMap(({ execution }) =>
        execution?.workflowId ? [{ workflowId: execution.workflowId, runId: execution.runId ?? undefined }] : [],
      );
    } catch (error) {
      // The search attribute is not registered, so no run has it.
      if (codeOf(error) === INVALID_ARGUMENT) return [];
      throw error;
    }
  }
}

const namespaceOf = (client: Client) => client.options.namespace;

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
