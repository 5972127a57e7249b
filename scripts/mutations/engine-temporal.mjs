/** Workflows, and what starts, signals and reconciles them. */
import { mutationsOf } from '../mutation.mjs';

const temporal = (...names) => names.map((name) => `test/temporal/${name}.test.ts`);
const RACES_TEST = ['test/workflows/deliver-notification-races.test.ts'];
const LADDER_TEST = ['test/workflows/deliver-notification.test.ts'];

export default [
  ...mutationsOf('src/workflows/deliver-notification.ts', RACES_TEST, [
    [
      'W3b',
      'a change of the limit does not wake those that wait for their turn',
      'wakes && (requested.retry || requested.release)',
      'wakes && requested.retry',
    ],
    [
      'W3c',
      'a retry by signal does not wake one that waits for its turn',
      'wakes && (requested.retry || requested.release)',
      'wakes && requested.release',
    ],
    [
      'W3',
      'a throttled notification cannot be cancelled before its wait is over',
      'await wait(outcome, live, () => isCancelled() || isWoken(), takeMove);',
      'await wait(outcome, live, () => isWoken(), takeMove);',
    ],
    ['W5', 'the lane of the outcome is ignored', 'step += 1;\n          lane = outcome.lane;', 'step += 1;'],
    ['W9', 'a release that comes before the hold ends it', '      requested.release = false;\n', ''],
    ['W10', 'a retry during the last attempt begins no new ladder', '            step = 0;\n', ''],
    [
      'W11',
      'a cancellation in the Temporal UI cuts an attempt short',
      'return CancellationScope.nonCancellable(async () => {',
      'return CancellationScope.cancellable(async () => {',
    ],
    ['P1', 'a retry during the last attempt keeps the old schedule', '            schedule = nextSchedule;\n', ''],
    ['P5', 'every retry waits the first step', '          step += 1;\n', ''],
  ]),
  ...mutationsOf('src/workflows/deliver-notification.ts', LADDER_TEST, [
    ['P8', 'a retry by signal is recorded as scheduled', "requested.retry ? 'manual' : 'scheduled'", "'scheduled'"],
    [
      'P9',
      'a retry is manual for the rest of the ladder',
      '      requested.retry = false;\n      requested.reopened = false;\n      requested.release',
      '      requested.reopened = false;\n      requested.release',
    ],
    [
      'W13',
      'a notification of the slow lane is attempted in the fast one',
      "if (lane === 'slow') return",
      'if (false) return',
    ],
  ]),
  ...mutationsOf('src/workflows/deliver-notification.ts', temporal('head-start'), [
    [
      'P10',
      'a retry that was asked for before the hand-over is forgotten',
      "else if (outcome.repeated && trigger === 'manual')",
      'else if (false)',
    ],
  ]),
  ...mutationsOf('src/workflows/recover-subscription.ts', temporal('recovery-pace', 'recoveries'), [
    [
      'P11',
      'the signal does not end the wait of a recovery',
      'condition(() => cancelled, waitSeconds',
      'condition(() => false, waitSeconds',
    ],
    [
      'P12',
      'a recovery that is cancelled by an operator is not recorded',
      'if (cancelled) return await cancelRecovery(input);',
      'if (cancelled) return;',
    ],
    [
      'P13',
      'a recovery does not wait between pages',
      'if (waitSeconds > 0) await condition',
      'if (waitSeconds < 0) await condition',
    ],
  ]),
  ...mutationsOf(
    'src/workflows/settle-subscription.ts',
    ['test/workflows/settle-subscription.test.ts'],
    [
      [
        'P14',
        'a settling ends after its first batch',
        'if (done && !changed) return;',
        'if (done || batch === 0) return;',
      ],
      [
        'P14b',
        'a change during the last batch of a settling is not settled',
        'if (done && !changed) return;',
        'if (done) return;',
      ],
      [
        'P14c',
        'a new change does not end the wait of a settling',
        'condition(() => changed, waitSeconds',
        'condition(() => false, waitSeconds',
      ],
    ],
  ),
  ...mutationsOf('src/workflows/control-queue.ts', temporal('maintenance'), [
    [
      'P15',
      'maintenance runs among the deliveries of the fast lane',
      'return workflowInfo().taskQueue + suffix;',
      'return workflowInfo().taskQueue;',
    ],
    [
      'P15b',
      'maintenance waits behind the attempts of the slow lane',
      "patched('control-queue') ? CONTROL_TASK_QUEUE_SUFFIX : SLOW_TASK_QUEUE_SUFFIX",
      'SLOW_TASK_QUEUE_SUFFIX',
    ],
  ]),
  ...mutationsOf('src/temporal/maintenance-schedule.ts', temporal('maintenance'), [
    [
      'P16',
      'maintenance may run twice at the same time',
      'ScheduleOverlapPolicy.SKIP',
      'ScheduleOverlapPolicy.ALLOW_ALL',
    ],
    ['P17', 'maintenance runs every hour', '{ hour: 3, minute: 17 }', "{ hour: '*', minute: 17 }"],
    [
      'P18',
      'a second process fails on the schedule of the first',
      'if (!(error instanceof ScheduleAlreadyRunning)) throw error;',
      'throw error;',
    ],
  ]),
  ...mutationsOf('src/temporal/workflow-state.ts', temporal('workflow-state'), [
    ['R5', 'a workflow task that fails once replaces its workflow', 'STUCK_AFTER_TASKS = 5', 'STUCK_AFTER_TASKS = 1'],
    ['R5T', 'timeouts of tasks count as failures', 'STUCK_AFTER_TIMEOUTS = 10', 'STUCK_AFTER_TIMEOUTS = 5'],
  ]),
  ...mutationsOf('src/temporal/check-notification.ts', temporal('reconciler-sweep'), [
    ['R1', 'a retry after a termination is cancelled', ' && state.closedAt > openedAt', ''],
    ['R2', 'a termination by the server cancels the notification', " && state.by === 'person'", ''],
    ['P21', 'every notification that waits is woken', "  if (status !== 'pending') return;\n", ''],
    [
      'R4',
      'a new run begins before its attempt is due',
      "state.kind === 'terminated' && notification.dueInSeconds > 0",
      'false',
    ],
    [
      'R7',
      'what was cancelled is started',
      "['cancelled', 'delivered', 'held'].includes",
      "['delivered', 'held'].includes",
    ],
  ]),
  ...mutationsOf('src/temporal/notification-sweep.ts', temporal('reconciler-sweep'), [
    ['R3', 'notifications of the slow lane join a burst', " && lane === 'fast'", ''],
    ['R8', 'a sweep ends after one batch', 'overdue.length < BATCH || unreachable || this.stopped', 'true'],
    ['P19', 'notifications that were attempted join a burst', 'burst && unattempted && lane', 'burst && lane'],
    [
      'P20',
      'a burst of sixteen is started one by one',
      'burstable.length >= SMALLEST_BURST',
      'burstable.length > SMALLEST_BURST',
    ],
    [
      'P22',
      'a sweep goes on after the reconciler was stopped',
      ' || unreachable || this.stopped) return;',
      ' || unreachable) return;',
    ],
    ['P26', 'bursts are started although they are switched off', 'burst && unattempted && lane', 'unattempted && lane'],
    [
      'R11',
      'a sweep goes on although Temporal is unreachable',
      'isConnectionLost(error) || unsettled.timeoutsInARow >= CONCURRENCY',
      'false',
    ],
    ['R13', 'one notification that always times out ends the sweep', '        unsettled.timeoutsInARow = 0;\n', ''],
    [
      'R16',
      'members of a burst that failed are left to the next minute',
      'await store.checkAgain(notificationIds, AGAIN_AFTER_FAILURE_SECONDS);',
      '',
    ],
  ]),
  ...mutationsOf('src/temporal/notification-sweep.ts', temporal('reconciler'), [
    ['R18', 'what was closed during the sweep is started again', ' || open.has(notificationId)', ' || true'],
  ]),
  ...mutationsOf('src/temporal/workflow-starter.ts', temporal('start-queue'), [
    [
      'WP1',
      'the slow lane of a customer starts as many workflows as Temporal allows',
      "if (notification.lane === 'slow' && !notification.hasHeadStart)",
      'if (false)',
    ],
    ['WP2', 'what was dropped from the slow lane is started', '      if (this.drops !== drops) return;\n', ''],
    [
      'WP3',
      'a start of the slow lane keeps its room',
      '      this.waiting.giveBack(customerId, 1);\n      await this.run',
      '      await this.run',
    ],
    [
      'R9',
      'any number of notifications may wait',
      'return this.waiting.hasRoom(customerId, notifications);',
      'return true;',
    ],
    [
      'R12',
      'what waits is kept while Temporal is away',
      '    this.drop();\n  }\n\n  private drop',
      '  }\n\n  private drop',
    ],
    [
      'P29',
      'bursts do not count among what waits',
      'this.waiting.take(notification.customerId, 1);',
      'if (!notification.hasHeadStart) this.waiting.take(notification.customerId, 1);',
    ],
    [
      'P28',
      'closing does not wait for bursts',
      'if (this.running + this.runningBursts > 0) await',
      'if (this.running > 0) await',
    ],
    ['P37b', 'calm comes back while other bursts gather', ' && this.bursts.isEmpty) this.calm', ') this.calm'],
    [
      'WS1',
      'a start that began still counts among what waits',
      '      this.waiting.giveBack(next.customerId, 1);\n',
      '',
    ],
    [
      'WS2',
      'a burst that began still counts among what waits',
      'for (const [customerId, count] of burst.counts) this.waiting.giveBack(customerId, count);',
      '',
    ],
    [
      'WS4',
      'the bursts of one customer take all places',
      'if (running === MAX_RUNNING_BURSTS_PER_KEY) this.bursts.pause(key);',
      '',
    ],
    ['WS5', 'a customer that had all its bursts never gets another', '    this.bursts.resume(key);\n', ''],
  ]),
  ...mutationsOf('src/temporal/workflow-starter.ts', temporal('workflow-starter-queue'), [
    ['R10', 'bursts begin late', 'MAX_OWN_WHILE_CALM = 4', 'MAX_OWN_WHILE_CALM = 400'],
    [
      'R15',
      'closing does not wait for the starts under way',
      'if (this.running + this.runningBursts > 0) await',
      'if (false) await',
    ],
    [
      'P30',
      'bursts are started without a limit',
      'while (this.runningBursts < MAX_RUNNING_BURSTS) {',
      'while (true) {',
    ],
    ['P31', 'starts are made without a limit', 'while (this.running < this.limit.value) {', 'while (true) {'],
    [
      'P32',
      'a notification without a head start joins a burst',
      'if (!this.options.burst || !hasHeadStart)',
      'if (!this.options.burst)',
    ],
    [
      'P33',
      'a burst is made although bursts are switched off',
      'if (!this.options.burst || !hasHeadStart)',
      'if (!hasHeadStart)',
    ],
    [
      'P34',
      'the next start does not wait for the hand-over',
      'if (notification.hasHeadStart) await this.options.whenTakenOver(notification.notificationId);',
      '',
    ],
    ['P35', 'a failed start does not lower the limit', '      this.limit.failed();\n', ''],
    [
      'P36',
      'calm never comes back',
      'if (burst.notificationIds.length < CALM_BURST && this.bursts.isEmpty) this.calm = true;',
      '',
    ],
    [
      'P37',
      'calm comes back after a large burst',
      'burst.notificationIds.length < CALM_BURST',
      'burst.notificationIds.length <= CALM_BURST',
    ],
    [
      'P39',
      'starts go on after closing',
      '    if (this.closed) return;\n',
      '',
      'close() empties the queues, so there is nothing left to start.',
    ],
  ]),
  ...mutationsOf('src/temporal/burst-queue.ts', temporal('workflow-starter-queue', 'start-queue'), [
    ['R14', 'a burst may have any number of members', 'MAX_BURST = 1000', 'MAX_BURST = 100_000'],
    ['P38', 'a burst starts before it has gathered', 'if (burst.since <= due) this.close(burst)', 'this.close(burst)'],
    [
      'BQ1',
      'the slow receivers of one customer delay the bursts of others',
      '(shared?.counts.get(customerId) ?? 0) >= SHARED_PER_CUSTOMER || this.gathering.has(customerId)',
      'false',
    ],
    [
      'BQ2',
      'every customer gets bursts of its own',
      '(shared?.counts.get(customerId) ?? 0) >= SHARED_PER_CUSTOMER ||',
      'true ||',
    ],
    [
      'BQ3',
      'the members of a burst are counted as one customer',
      'burst.counts.set(customerId,',
      "burst.counts.set('',",
    ],
  ]),
  ...mutationsOf('src/temporal/start-outage.ts', temporal('start-outage'), [
    ['SO1', 'Temporal counts as unreachable after any failure', 'FAILURES_IN_A_ROW = 3', 'FAILURES_IN_A_ROW = 1'],
    ['SO2', 'failures between successes add up to an outage', '    this.inARow = 0;\n', ''],
    ['SO3', 'a lost connection counts as a single failure', 'isConnectionLost(err) || this.inARow', 'this.inARow'],
    ['SO4', 'an outage is logged with each failure', '    if (this.down) return true;\n', ''],
    [
      'SO5',
      'the end of an outage is not logged',
      '    if (!this.down) return;\n    this.down = false;',
      '    return;\n    this.down = false;',
    ],
    [
      'SO6',
      'what was dropped is missing from the log of an outage',
      '  leftOut(notifications: number): void {\n    this.notifications += notifications;',
      '  leftOut(notifications: number): void {\n    this.notifications += 0 * notifications;',
    ],
  ]),
  ...mutationsOf('src/temporal/start-limit.ts', temporal('start-limit'), [
    [
      'P40',
      'a start at the limit of quick counts as slow',
      'durationMs > SLOW_START_MS',
      'durationMs >= SLOW_START_MS',
    ],
    [
      'P41',
      'quick starts before a slow one still count',
      'Math.floor(this.limit / 2));\n    this.quickInARow = 0;',
      'Math.floor(this.limit / 2));',
    ],
    ['P42', 'the limit grows with every quick start', '++this.quickInARow >= this.limit', '++this.quickInARow >= 1'],
    ['P43', 'the limit falls to nothing', 'Math.max(MIN, Math.floor', 'Math.max(0, Math.floor'],
    ['P44', 'the limit grows without an end', 'Math.min(MAX, this.limit + 1)', 'this.limit + 1'],
  ]),
  ...mutationsOf('src/temporal/notification-workflows.ts', temporal('steering', 'reconciler'), [
    [
      'P45',
      'starting a workflow twice is an error',
      'if (error instanceof WorkflowExecutionAlreadyStartedError) return false;',
      '',
    ],
    [
      'P47',
      'a closed workflow has a live state',
      "return state.phase === 'closed' ? null : state;",
      'return state;',
      'Temporal rejects queries of closed workflows, and the phase is closed only in the last task of a run.',
    ],
    [
      'P48',
      'a lost ladder begins at its first step',
      'step ? { notificationId, schedule, lane, step } : {',
      'step ? { notificationId, schedule, lane } : {',
    ],
  ]),
  ...mutationsOf('src/temporal/recovery-workflows.ts', temporal('recoveries'), [
    [
      'P50',
      'a recovery that an operator terminated is started again',
      "if ((await this.status(recoveryId)) === 'TERMINATED') return false;",
      '',
    ],
    [
      'P51',
      'starting a recovery twice is an error',
      'if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;',
      'throw error;',
    ],
    [
      'P52',
      'a recovery without a workflow cannot be cancelled',
      'signal(cancelSignal),\n      );\n    } catch (error) {\n      if (!(error instanceof WorkflowNotFoundError)) throw error;',
      'signal(cancelSignal),\n      );\n    } catch (error) {\n      throw error;',
    ],
  ]),
  ...mutationsOf(
    'src/api/http/idempotency.ts',
    ['test/api/http/idempotency-requests.test.ts'],
    [
      [
        'I3',
        'the path is no part of what an Idempotency-Key stands for',
        '`${request.method} ${request.path}\\n',
        '`${request.method}\\n',
      ],
    ],
  ),
  ...mutationsOf(
    'src/api/overview/overview-cache.ts',
    ['test/api/overview/overview-cache.test.ts'],
    [
      [
        'P53',
        'customers see the overview of their product',
        '[scope.productIds, scope.customerId, window]',
        '[scope.productIds, window]',
      ],
      [
        'P54',
        'a failure is kept like an overview',
        '    overview.catch(() => this.entries.delete(key));\n',
        '    overview.catch(() => undefined);\n',
      ],
      ['P55', 'an overview is shown after its time', 'cached && cached.until > Date.now()', 'cached'],
    ],
  ),
];
