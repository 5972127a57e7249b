import { Context } from '@temporalio/activity';
import type { EraseBatchResult, EraseCustomerInput, ErasurePhase } from '../domain/erasure';
import { recoveryWorkflowId } from '../domain/recovery';
import { settlementWorkflowId } from '../domain/settlement';
import { notificationWorkflowId } from '../domain/types';
import { allSpans, type Span } from '../store/db/spans';
import { anonymiseAudit } from '../store/erasure/anonymise-audit';
import {
  ACTIVITY,
  BELONGINGS,
  deleteBelongings,
  finishErasure,
  hasOlderTransactions,
  listRecoveryIds,
  listSubscriptionIds,
} from '../store/erasure/erase-belongings';
import {
  deleteEvents,
  deleteNotifications,
  listEvents,
  listNotifications,
  listNotificationsOf,
} from '../store/erasure/erase-history';
import { deleteAnswers, deleteSessions } from '../store/erasure/erase-sealed';
import { endPhase, takeErasure, type ErasureTask } from '../store/erasure/erasures';
import { readKnownIds } from '../store/erasure/known-ids';
import { redactOperationalEvents } from '../store/erasure/redact-operational-events';
import { OpenCanceller } from './cancel-open';
import type { ActivityDeps } from './deps';

/** A batch ends after this time, so that a crash costs little and the progress is seen. */
const BATCH_MS = 10_000;
/**
 * Longest wait for older transactions. Those of the service that write are shorter; a backup may
 * take hours, and only reads.
 */
const MAX_TRANSACTION_WAIT_SECONDS = 60;
/** How late Temporal may list a workflow, and a start that was under way may happen. */
const SWEEP_SECONDS = 5;
/** Longest wait for runs that Temporal lists although it has none to delete. */
const MAX_SWEEP_SECONDS = 3600;
const POLL_SECONDS = 1;

/** Seconds until the phase goes on; 0: immediately; `done`: the phase is over. */
type Step = number | 'done';
type Phase = (task: ErasureTask, isOver: () => boolean) => Promise<Step>;
type Deps = Pick<ActivityDeps, 'db' | 'sealer' | 'control' | 'eraser' | 'paced' | 'log'>;

/** Creates the activity `eraseBatch`, which erases more of a customer, for some seconds. */
export function createEraseBatch(deps: Deps): (input: EraseCustomerInput) => Promise<EraseBatchResult> {
  const phases = phasesOf(deps);
  return async function eraseBatch({ erasureId }) {
    const until = performance.now() + BATCH_MS;
    const isOver = () => performance.now() > until;
    do {
      const task = await takeErasure(deps.db, erasureId);
      if (!task || task.phase === 'finished') return { done: true, waitSeconds: 0 };
      const step = await phases[task.phase](task, isOver);
      heartbeat();
      if (step === 'done') await endPhase(deps.db, task);
      else if (step > 0) return { done: false, waitSeconds: step };
    } while (!isOver());
    return { done: false, waitSeconds: 0 };
  };
}

function phasesOf(deps: Deps): Record<Exclude<ErasurePhase, 'finished'>, Phase> {
  const { db, sealer, eraser } = deps;
  const canceller = new OpenCanceller(deps);

  /** @returns whether a notification was open */
  async function cancelAll(customerId: string): Promise<boolean> {
    let wasOpen = false;
    for (const subscriptionId of await listSubscriptionIds(db, customerId))
      if (await canceller.cancelAll({ customerId, subscriptionId })) wasOpen = true;
    return wasOpen;
  }

  async function eraseNotifications(erasureId: string, ids: readonly string[], span: Span): Promise<void> {
    const workflows = await eraser.deleteAll(ids.map(notificationWorkflowId), heartbeat);
    await deleteNotifications(db, erasureId, ids, span, { workflows });
    heartbeat();
  }

  return {
    async cancelling({ customerId }) {
      await cancelAll(customerId);
      return 'done';
    },

    /** Also cancels what a transaction accepted that has ended meanwhile. */
    async waiting({ erasureId, customerId, phaseSeconds }) {
      const isWaiting = phaseSeconds < MAX_TRANSACTION_WAIT_SECONDS && (await hasOlderTransactions(db, erasureId));
      await cancelAll(customerId);
      return isWaiting ? POLL_SECONDS : 'done';
    },

    async traces({ erasureId, customerId }) {
      const workflowIds = [
        ...(await listRecoveryIds(db, customerId)).map(recoveryWorkflowId),
        ...(await listSubscriptionIds(db, customerId)).map(settlementWorkflowId),
      ];
      await eraser.deleteAll(workflowIds, heartbeat);
      const known = await readKnownIds(db, customerId);
      await anonymiseAudit(db, erasureId, known, heartbeat);
      await deleteAnswers(db, sealer, erasureId, known, heartbeat);
      await deleteSessions(db, sealer, erasureId, known, heartbeat);
      await redactOperationalEvents(db, erasureId, customerId, heartbeat);
      return 'done';
    },

    async notifications({ erasureId, customerId }, isOver) {
      for (const span of await allSpans(db, 'notifications')) {
        for (;;) {
          const ids = await listNotifications(db, customerId, span);
          if (ids.length === 0) break;
          await eraseNotifications(erasureId, ids, span);
          if (isOver()) return 0;
        }
      }
      return 'done';
    },

    async events({ erasureId, customerId, productId }, isOver) {
      for (const span of await allSpans(db, 'events')) {
        for (;;) {
          const events = await listEvents(db, customerId, productId, span);
          if (events.length === 0) break;
          for (;;) {
            const ids = await listNotificationsOf(db, events, span);
            if (ids.length === 0) break;
            await eraseNotifications(erasureId, ids, span);
          }
          await deleteEvents(db, erasureId, events, span);
          heartbeat();
          if (isOver()) return 0;
        }
      }
      return 'done';
    },

    async activity({ erasureId, customerId }) {
      return (await deleteBelongings(db, erasureId, customerId, ACTIVITY)) ? 0 : 'done';
    },

    async belongings({ erasureId, customerId }) {
      for (const belonging of BELONGINGS)
        while (await deleteBelongings(db, erasureId, customerId, belonging)) heartbeat();
      return 'done';
    },

    /** Not counted: Temporal still lists most of these for half a minute after their deletion. */
    async sweeping({ erasureId, customerId, phaseSeconds }) {
      const { listed, left } = await eraser.deleteOf(customerId, heartbeat);
      const isListed = left > 0 || (listed > 0 && phaseSeconds < MAX_SWEEP_SECONDS);
      if (isListed || phaseSeconds < SWEEP_SECONDS) return POLL_SECONDS;
      await finishErasure(db, erasureId, customerId);
      return 0;
    },
  };
}

function heartbeat(): void {
  Context.current().heartbeat();
}
