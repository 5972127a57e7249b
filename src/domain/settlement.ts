/** Result of the activity `settleBatch`: whether anything is left, and when to look again. */
export interface SettleBatchResult {
  done: boolean;
  /** Absent: now. */
  waitSeconds?: number;
}

/** How many signals and starts of workflows a settlement makes concurrently. */
export const SIGNAL_CONCURRENCY = 16;

/** The workflow id of a subscription's settlement. */
export function settlementWorkflowId(subscriptionId: string): string {
  return `subscription/${subscriptionId}/settle`;
}
