/** The attempt engine, its activities and HTTP out. */
import { mutationsOf } from '../mutation.mjs';

const attempts = (...names) => names.map((name) => `test/attempts/${name}.test.ts`);
const activities = (...names) => names.map((name) => `test/activities/${name}.test.ts`);
const temporal = (...names) => names.map((name) => `test/temporal/${name}.test.ts`);
const CONCURRENCY_TEST = attempts('head-start/concurrency');

export default [
  ...mutationsOf('src/attempts/outcome.ts', attempts('outcome'), [
    ['T1', 'Retry-After of a 503 is ignored', '= [429, 503]', '= [429]'],
    ['T1b', 'Retry-After of a 429 is ignored', '= [429, 503]', '= [503]'],
    ['T4', 'a slow attempt does not change the lane', '    durationMs > SLOW_ATTEMPT_MS ||\n', ''],
    ['M1', 'a slow subscription is attempted in the fast lane', 'return subscription.slow ||', 'return false ||'],
    [
      'M2',
      'a subscription with a long timeout is attempted in the fast lane',
      'subscription.timeoutSeconds > FAST_LANE_MAX_TIMEOUT_SECONDS',
      'false',
    ],
    ['M3', 'the ladder goes on after a 410', 'status === GONE ? undefined :', ''],
    [
      'M4',
      'each failure takes the same step of the ladder',
      'ladder.step + 1, retryAfterSeconds',
      '1, retryAfterSeconds',
    ],
    ['M5', 'an attempt that waits past its time waits a negative time', 'Math.max(0, (due', '((due'],
    [
      'M6',
      'a notification that was opened again is taken for one that waits',
      "    case 'failed':\n    case 'pending':",
      "    case 'failed':",
    ],
  ]),
  ...mutationsOf('src/attempts/attempt-runner.ts', attempts('attempt-runner'), [
    ['T6', 'an attempt that could not be recorded is forgotten', '      unrecorded.set(key, made);\n', ''],
    ['T7', 'a record is tried once only', 'RECORD_TRIES = 5', 'RECORD_TRIES = 1'],
    ['T8', 'composing does not count against the timeout', ' * 1000 - composedMs)', ' * 1000)'],
    [
      'T9',
      'a subscription whose attempt is slow stays in the fast lane',
      'const slow = setTimeout(() => void markSlow(deps.db, subscription.id).catch(() => undefined), SLOW_ATTEMPT_MS);',
      'const slow = undefined;',
    ],
    [
      'T12',
      'a notification counts as held although its subscription takes deliveries again',
      'if (await holdNotification(db, input.notificationId)) return',
      'await holdNotification(db, input.notificationId);\n    if (true) return',
    ],
    ['M7', 'a quick attempt sends its subscription to the slow lane as well', '  clearTimeout(slow);\n', ''],
    ['M8', 'the receiver has no time left after a long composition', 'Math.max(MIN_SEND_MS, ', 'Math.max(0, '],
    ['M9', 'a retry is not shown as under way', 'if (attempts > 0 || input.slow)', 'if (input.slow)'],
    [
      'M10',
      'an attempt in the slow lane is not shown as under way',
      'if (attempts > 0 || input.slow)',
      'if (attempts > 0)',
    ],
    ['M11', 'the rate limit is ignored', 'if (subscription.rateLimited)', 'if (false)'],
    [
      'M12',
      'a cancelled notification is sent',
      "if (delivery.status === 'delivered' || delivery.status === 'cancelled')",
      "if (delivery.status === 'delivered')",
    ],
    [
      'M13',
      'a delivered notification is sent again',
      "if (delivery.status === 'delivered' || delivery.status === 'cancelled')",
      "if (delivery.status === 'cancelled')",
    ],
    [
      'M14',
      'an attempt of a cancelled notification goes on with its ladder',
      "if (now.status === 'cancelled') return",
      'if (false) return',
    ],
    [
      'M15',
      'a recorded attempt is recorded again in place of the next one',
      '    unrecorded.delete(key);\n    return outcome;',
      '    return outcome;',
      'Names of attempts are unique, so nobody asks for that one again: only memory is lost.',
    ],
    [
      'M16',
      'the notification of a deleted subscription stays open',
      '    await cancelNotification(db, input.notificationId);\n',
      '',
    ],
  ]),
  ...mutationsOf('src/attempts/attempt-runner.ts', activities('deliver-head-start', 'deliver'), [
    [
      'M17',
      'a head start that could not be recorded is sent again by its workflow',
      'await recordHeadStart(input);',
      'void recordHeadStart;',
    ],
    [
      'M18',
      'an attempt that is recorded is made again',
      'if (delivery.lastAttemptKey === input.attemptKey)',
      'if (false)',
    ],
    ['M19', 'a failing subscription never goes out of order', '      if (attemptRecord.error)\n', '      if (false)\n'],
  ]),
  ...mutationsOf('src/attempts/take-over.ts', temporal('hand-over'), [
    [
      'T15',
      'a failed head start is not handed over on the record',
      '    await handOver(db, input.notificationId, lastAttemptKey, input.attemptKey);\n',
      '',
    ],
  ]),
  ...mutationsOf('src/attempts/take-over.ts', attempts('attempt-runner'), [
    ['M20', 'a workflow waits for the claim of its own process', ' && claimedBy !== input.processId)', ')'],
    [
      'M21',
      'a notification that was opened again waits for an old claim',
      "if (attempts === 0 && status === 'pending' && claimedBy",
      "if (status === 'pending' && claimedBy",
    ],
    ['M22', 'a later step of the ladder is taken for a head start', 'sequence === 1 && step === 0', 'sequence === 1'],
    ['M23', 'a later attempt is taken for a head start', 'sequence === 1 && step === 0', 'step === 0'],
    [
      'M24',
      'a claim of another process is not waited for',
      'claimedBy !== null && claimedBy',
      'claimedBy === undefined && claimedBy',
    ],
  ]),
  ...mutationsOf(
    'src/attempts/take-over.ts',
    [...activities('deliver-head-start'), ...temporal('head-start')],
    [
      [
        'M25',
        'a head start that failed for good is attempted again',
        "status === 'retrying' || status === 'failed'",
        "status === 'retrying'",
      ],
      [
        'M26',
        'a retry that was asked for before the hand-over is lost',
        '...recordedOutcome(delivery), repeated: true',
        '...recordedOutcome(delivery)',
      ],
    ],
  ),
  ...mutationsOf(
    'src/activities/deliver.ts',
    [...activities('deliver-head-start'), ...temporal('hand-over')],
    [
      [
        'T16',
        'a failed head start of this process is taken without a hand-over',
        "if (outcome?.kind === 'delivered') return outcome;",
        'if (outcome) return outcome;',
      ],
      ['M27', 'a slow attempt does not heartbeat', 'isLocal ? undefined :', 'true ? undefined :'],
      ['M28', 'heartbeats go on after the attempt', '      clearInterval(heartbeat);\n', ''],
      ['M29', 'an attempt in the slow lane counts as quick', 'slow: !isLocal', 'slow: false'],
    ],
  ),
  ...mutationsOf('src/attempts/subscription-cache.ts', attempts('subscription-cache-limits'), [
    ['T23', 'format trigger shows stale attempts', "    format !== 'trigger' &&\n", ''],
    ['M30', 'a subscription is kept while it is in the slow lane', '    !slow &&\n', ''],
    ['M31', 'a subscription is kept while it rotates its signing key', ' &&\n    signingKeys.length <= 1', ''],
    ['M32', 'a subscription is kept while it rotates its secret', 'secrets.length === 1', 'secrets.length >= 1'],
    ['M33', 'a subscription that is held is kept', "    status === 'enabled' &&\n", ''],
    ['M34', 'the cache grows without a limit', 'this.kept.size >= MAX_KEPT', 'false'],
  ]),
  ...mutationsOf('src/attempts/sign.ts', attempts('sign'), [
    [
      'F9',
      'the token of format trigger outlives the timeout tenfold',
      '+ subscription.timeoutSeconds)',
      '+ 10 * subscription.timeoutSeconds)',
    ],
    [
      'M35',
      'the old secret of a rotation does not sign',
      'const secrets = subscription.secrets.map(',
      'const secrets = subscription.secrets.slice(0, 1).map(',
    ],
    [
      'M36',
      'the secret of format flat is kept in the answer of its receiver',
      "subscription.format === 'flat' || composed?.holdsSecret",
      'composed?.holdsSecret',
    ],
    ['M37', 'attempts are numbered from zero', 'String(delivery.attempts + 1)', 'String(delivery.attempts)'],
  ]),
  ...mutationsOf('src/attempts/head-start/head-starts.ts', CONCURRENCY_TEST, [
    ['T17', 'head starts are made without a limit', 'const CONCURRENCY = 256;', 'const CONCURRENCY = 100_000;'],
    ['M38', 'one subscription takes all places', 'SENDING_PER_SUBSCRIPTION = 64', 'SENDING_PER_SUBSCRIPTION = 1000'],
    ['M39', 'a place is not free before the attempt is recorded', '        onAnswered,\n', ''],
    ['M40', 'a subscription that had its limit never goes on', '    this.queue.resume(subscriptionId);\n', ''],
    ['M41', 'a place is lost with an attempt that could not be made', '    answered();\n', ''],
    ['M42', 'a head start is made although its claim may lapse meanwhile', ' * 1000 - MARGIN_MS;', ' * 1000;'],
    [
      'M43',
      'workflows wait for head starts that a closing process drained',
      '    for (const { notificationId } of this.queue.drain()) this.finish(notificationId, undefined);\n',
      '    this.queue.drain();\n',
    ],
    [
      'M44',
      'a closing process does not wait for what is under way',
      'if (this.running === 0) return;',
      'if (true) return;',
    ],
    ['M45', 'outcomes that nobody asks for are kept for ever', 'if (expiresAt > now) break;', 'break;'],
    ['M46', 'outcomes are forgotten before their workflow asks', 'if (expiresAt > now) break;', ''],
    [
      'M47',
      'a start waits for ever for a workflow that never asks',
      'const timer = setTimeout(resolve, TAKEN_AFTER_MS);',
      'const timer = undefined;',
    ],
    [
      'M48',
      'a late event loop does not matter',
      'this.lag.ms > LATE_MS ? SENDING_WHEN_LATE : CONCURRENCY',
      'CONCURRENCY',
    ],
    [
      'M49',
      'what the accept wrote is used although it is old',
      'accepted: isFresh(headStart) ? accepted : undefined',
      'accepted',
    ],
    ['M50', 'a process without a worker keeps outcomes', 'if (this.options.keepOutcomes) return;', 'if (true) return;'],
    ['M51', 'a slot is released twice', '      if (given) return;\n', ''],
  ]),
  ...mutationsOf('src/attempts/head-start/head-starts.ts', attempts('head-start/head-starts'), [
    [
      'M52',
      'a backlog takes all places while producers post',
      'this.isPaced(next) ? Math.min(slots, this.backlog.slots) : slots',
      'slots',
    ],
    ['M53', 'a backlog stays slow although nobody posts', ' && performance.now() - this.acceptedAt <= QUIET_MS', ''],
    [
      'M54',
      'a renewed claim counts as an event that was just accepted',
      'return accepted !== undefined && performance',
      'return performance',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/fair-queue.ts', attempts('head-start/fair-queue'), [
    ['M55', 'items are taken twice after a lane was cut', '        lane.taken = 0;\n', ''],
    [
      'M56',
      'what waits in a lane is lost when it is paused',
      'this.ready.get(key) ?? { items: [], taken: 0 }',
      '{ items: [], taken: 0 }',
    ],
    ['M57', 'an empty lane takes a turn', 'if (lane.items.length > lane.taken) this.ready', 'this.ready'],
    [
      'M58',
      'a paused lane gets what is pushed into a second one',
      'this.ready.get(key) ?? this.aside.get(key)',
      'this.ready.get(key)',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/backlog-pace.ts', attempts('head-start/backlog-pace'), [
    [
      'M59',
      'a backlog takes more places than there are',
      'Math.min(this.maxSlots, this.current * GROW)',
      'this.current * GROW',
    ],
    [
      'M60',
      'a backlog stops while the event loop is busy',
      'Math.max(MIN_PLACES, this.current * SHRINK)',
      'this.current * SHRINK',
    ],
    ['M61', 'each call counts as a sample', 'if (now - this.sampledAt >= SAMPLE_MS)', 'if (true)'],
  ]),
  ...mutationsOf('src/attempts/head-start/loop-lag.ts', attempts('head-start/loop-lag'), [
    ['M62', 'a timer that is overdue is not seen', 'Math.max(this.last, performance.now() - this.dueAt)', 'this.last'],
    [
      'M63',
      'the lag of the last turn is forgotten',
      'Math.max(this.last, performance.now() - this.dueAt)',
      'Math.max(0, performance.now() - this.dueAt)',
    ],
    ['M64', 'an old lag counts at the next start', '    this.last = 0;\n', ''],
    ['M65', 'a second start forgets the lag so far', '    if (this.timer) return;\n', ''],
  ]),
  ...mutationsOf('src/activities/settle-batch.ts', activities('settle-batch'), [
    [
      'S5',
      'what was accepted as held meanwhile is left behind',
      'const more = await markSettling(db, { subscriptionId });',
      'const more: string[] = [];',
    ],
    [
      'M66',
      'a notification that was cancelled meanwhile is released',
      'if (!(await releaseHeld(db, notification.notificationId))) return;',
      'await releaseHeld(db, notification.notificationId);',
    ],
    [
      'M67',
      'a release does not wait for the attempt before the next one',
      '    await awaitAttempt(db, notification.notificationId);\n',
      '',
    ],
    [
      'M68',
      'a disabled subscription releases what it holds',
      "} else if (settling.status === 'enabled') {",
      '} else {',
    ],
    [
      'M69',
      'workflows are not signalled that their notification was cancelled',
      '      await deps.control.cancel(notificationId);\n',
      '',
    ],
    ['M70', 'a settling ends after its first batch', 'if (held.length > 0) return { done: false };', ''],
  ]),
  ...mutationsOf('src/activities/recover-page.ts', activities('recover-page'), [
    [
      'X8',
      'a recovery does not wait for the attempt before',
      'if (inOrder) inOrder = await awaitAttempt(db, notificationId);',
      'inOrder = false;',
    ],
    ['M71', 'a slow recovery retries nothing', 'Math.max(1, Math.floor(', 'Math.max(0, Math.floor('],
    [
      'M72',
      'a page is as long as there are notifications',
      'task.notificationIds.slice(0, Math.max',
      'task.notificationIds.slice(0, 100 + Math.max',
    ],
    [
      'M73',
      'a recovery of a deleted subscription is completed',
      "task.subscriptionDeleted ? 'failed' : 'completed'",
      "'completed'",
    ],
    [
      'M74',
      'a recovery goes on after it was cancelled',
      "if (notification === 'stopped') return { done: false, waitSeconds: 0 };",
      "if (notification === 'stopped') continue;",
    ],
    [
      'M75',
      'a recovery of a deleted subscription goes on',
      'if (task.subscriptionDeleted || task.notificationIds.length === 0)',
      'if (task.notificationIds.length === 0)',
    ],
  ]),
  ...mutationsOf('src/activities/await-burst.ts', temporal('burst'), [
    [
      'M76',
      'a burst takes failed head starts for done',
      "outcomes[index]?.kind !== 'delivered'",
      'outcomes[index] === undefined',
    ],
    [
      'M77',
      'a burst leaves its members without a workflow',
      'const untaken = await findUntaken(db, unfinished);',
      'const untaken: Awaited<ReturnType<typeof findUntaken>> = [];',
    ],
    [
      'M78',
      'a burst does not make what a dead process left',
      'if ((await makeUnattempted(unfinished, workflowId)) === 0) break;',
      'break;',
    ],
  ]),
  ...mutationsOf('src/activities/index.ts', activities('cancel-notification', 'maintenance'), [
    [
      'M79',
      'a failed notification is reported as cancelled',
      "now?.status === 'delivered' || now?.status === 'failed'",
      "now?.status === 'delivered'",
    ],
    ['M80', 'maintenance makes no partitions', '      await ensurePartitions(deps.db);\n', ''],
    ['M81', 'activity is kept for a day only', '2 * 86_400', '86_400'],
    ['M82', 'maintenance keeps expired sessions', '      await deleteExpiredSessions(deps.db);\n', ''],
  ]),
  ...mutationsOf(
    'src/delivery/exchange.ts',
    ['test/delivery/exchange-deadline.test.ts'],
    [
      [
        'H4',
        'the deadline begins again with the body',
        'Math.min(BODY_TIME_MS, deadline - performance.now())',
        'BODY_TIME_MS',
      ],
      [
        'M83',
        'the body may take all that is left of a long deadline',
        'Math.min(BODY_TIME_MS, deadline - performance.now())',
        'deadline - performance.now()',
      ],
      [
        'M84',
        'an interim response counts as the response',
        'if (status < 200 || settled) return;',
        'if (settled) return;',
      ],
      [
        'M85',
        'a connection that breaks in the body loses the status',
        '      if (response) return succeed(false);\n',
        '',
      ],
      [
        'M86',
        'a body of exactly the limit counts as truncated',
        'return this.size > KEPT_BODY_BYTES;',
        'return this.size >= KEPT_BODY_BYTES;',
      ],
      [
        'M87',
        'a body is read without an end',
        'return this.size <= KEPT_BODY_BYTES + DRAINED_BODY_BYTES;',
        'return true;',
      ],
      [
        'M88',
        'a request that was abandoned before it began is sent',
        '    if (signal?.aborted) return abandon();\n',
        '',
      ],
    ],
  ),
  ...mutationsOf(
    'src/delivery/http-client.ts',
    ['test/delivery/http-client.test.ts', 'test/delivery/retry-after.test.ts'],
    [
      ['M89', 'a redirect counts as delivered', 'response.status < 300', 'response.status < 400'],
      ['M90', 'a Retry-After in the past is negative', 'Math.max(0, Math.ceil((at', '(Math.ceil((at'],
    ],
  ),
  ...mutationsOf(
    'src/domain/retry-schedule.ts',
    ['test/domain/retry-schedule.test.ts'],
    [
      [
        'M91',
        'a Retry-After sooner than the step is honoured',
        'return Math.max(wait, retryAfterSeconds);',
        'return retryAfterSeconds;',
      ],
      ['M92', 'a Retry-After of more than a day is honoured', ' || retryAfterSeconds > MAX_SCHEDULE_SECONDS', ''],
    ],
  ),
];
