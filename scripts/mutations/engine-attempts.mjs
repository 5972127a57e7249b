/** The attempt engine, its activities and HTTP out. */
import { mutationsOf } from '../mutation.mjs';

const attempts = (...names) => names.map((name) => `test/attempts/${name}.test.ts`);
const activities = (...names) => names.map((name) => `test/activities/${name}.test.ts`);
const temporal = (...names) => names.map((name) => `test/temporal/${name}.test.ts`);
const CONCURRENCY_TEST = attempts('head-start/concurrency');

export default [
  ...mutationsOf('src/attempts/next-wait.ts', attempts('outcome'), [
    ['T1', 'Retry-After of a 503 is ignored', '= [429, 503]', '= [429]'],
    ['T1b', 'Retry-After of a 429 is ignored', '= [429, 503]', '= [503]'],
    ['T1c', 'all attempts of a notification have the same jitter', '`${notificationId} ${attempts}`', 'notificationId'],
  ]),
  ...mutationsOf('src/attempts/outcome.ts', attempts('outcome'), [
    ['T4', 'a slow attempt does not change the lane', ' || durationMs > SLOW_ATTEMPT_MS', ''],
    ['M1', 'a slow subscription is attempted in the fast lane', 'return slow || ', 'return '],
    [
      'M2',
      'a subscription with a long timeout is attempted in the fast lane',
      'slow || timeoutSeconds > FAST_LANE_MAX_TIMEOUT_SECONDS',
      'slow',
    ],
    ['M3', 'the ladder goes on after a 410', 'isPermanent = isGone || ', 'isPermanent = '],
    ['M3b', 'the ladder ends at a 410 of an earlier configuration', ' && !isOutdated;', ';'],
    ['M4', 'each failure takes the same step of the ladder', 'schedule, ladder.step + 1, {', 'schedule, 1, {'],
    ['M5', 'an attempt that waits past its time waits a negative time', 'Math.max(0, (due', '((due'],
    [
      'M6',
      'a notification that was opened again is taken for one that waits',
      "    case 'failed':\n    case 'pending':",
      "    case 'failed':",
    ],
  ]),
  ...mutationsOf('src/attempts/attempt-runner.ts', attempts('unrecorded', 'attempt-runner'), [
    ['T6', 'an attempt that could not be recorded is forgotten', '      unrecorded.keep(input, attempt);\n', ''],
    [
      'M15',
      'a recorded attempt stays in memory',
      '    unrecorded.drop(input);\n',
      '',
      'Recording it again has no effect, and it expires after ten minutes: only memory is lost.',
    ],
  ]),
  ...mutationsOf('src/attempts/attempt-runner.ts', attempts('admit', 'unrecorded'), [
    [
      'AR1',
      'two executions of an attempt at the same time make it twice',
      'let running = runningNow.get(key);',
      'let running: Promise<DeliverOutcome> | undefined;',
    ],
    [
      'AR2',
      'a head start is sent although its claim lapses before the receiver has answered',
      'performance.now() > input.beginBefore',
      'performance.now() > Infinity',
    ],
    [
      'AR3',
      'an attempt that can only fail is repeated for ever',
      'if (error instanceof AttemptLeftError || error instanceof MadeElsewhereError || isTransient(error)) throw error;',
      'throw error;',
    ],
    [
      'AR4',
      'a failure that passes takes a step of the ladder',
      ' || isTransient(error)) throw error;',
      ') throw error;',
    ],
    ['AR5', 'a slot is not released before the attempt is recorded', '    input.onSent?.();\n', ''],
    [
      'AR6',
      'an attempt that got no turn of its transform fails',
      'if (error instanceof ComposerBusyError) return await putOff(deps, input, admitted.delivery.attempts, error);',
      '',
    ],
  ]),
  ...mutationsOf('src/attempts/unrecorded.ts', attempts('unrecorded'), [
    [
      'M17',
      'a head start that could not be recorded is sent again by its workflow',
      "mayHaveHeadStart(input) ? 'first' : input.attemptKey",
      'input.attemptKey',
    ],
    ['UN1', 'attempts that nobody asks for are kept for ever', 'if (expiresAt > now) return;', 'return;'],
    ['UN2', 'an attempt is forgotten before it is asked for', 'if (expiresAt > now) return;', ''],
  ]),
  ...mutationsOf('src/attempts/record.ts', attempts('attempt-runner', 'admit', 'unrecorded'), [
    ['T7', 'a record is tried once only', 'RECORD_TRIES = 5', 'RECORD_TRIES = 1'],
    [
      'RE1',
      'an unavailable Postgres counts as one that rejects the record',
      '!isUnavailable(error) && !isContended(error)',
      '!isContended(error)',
    ],
    [
      'RE2',
      'a lock that is held counts as a rejected record',
      '!isUnavailable(error) && !isContended(error)',
      '!isUnavailable(error)',
    ],
    [
      'M14',
      'an attempt of a cancelled notification goes on with its ladder',
      "if (recorded.status === 'cancelled') return",
      'if (false) return',
    ],
  ]),
  ...mutationsOf('src/attempts/record.ts', activities('deliver'), [
    [
      'M19',
      'a failing subscription never goes out of order',
      "  if (record.error && record.outcome.status !== 'cut-off') {\n",
      '  if (false) {\n',
    ],
  ]),
  ...mutationsOf('src/attempts/admit.ts', attempts('cut-off'), [
    ['CUT5', 'a manual retry that was cut off is not made', ' && !isCutOff(error)', ''],
  ]),
  ...mutationsOf('src/attempts/record.ts', attempts('gone'), [
    [
      'RE3',
      'a receiver that wants no more deliveries gets them',
      'if (record.response?.status === GONE) {',
      'if (false) {',
    ],
  ]),
  ...mutationsOf('src/attempts/send.ts', attempts('attempt-runner'), [
    ['T8', 'composing does not count against the timeout', ' * 1000 - preparedMs)', ' * 1000)'],
    [
      'T9',
      'a subscription whose attempt is slow stays in the fast lane',
      '    void markSlow(deps.db, subscription.id, subscription.receiverRevision).catch(() => undefined);\n',
      '',
    ],
    ['M7', 'a quick attempt sends its subscription to the slow lane as well', '  slow.clear();\n', ''],
    ['M8', 'the receiver has no time left after a long composition', 'Math.max(MIN_SEND_MS, ', 'Math.max(0, '],
  ]),
  ...mutationsOf('src/store/notifications/transitions.ts', attempts('admit'), [
    [
      'HNW3',
      'what a burst holds without its claim counts as without a workflow',
      "n.claimed_by = $2 and n.claimed_until > now() and n.status = 'pending' then",
      "$2 is not null and n.status = 'pending' then",
    ],
    [
      'HNW4',
      'what a workflow has held already counts as without one when a burst holds it',
      "n.claimed_until > now() and n.status = 'pending' then",
      'n.claimed_until > now() then',
    ],
    [
      'HNW5',
      'what a workflow holds after a burst counts as without one',
      'nullif(n.claimed_until, ${NO_WORKFLOW})',
      'n.claimed_until',
    ],
  ]),
  ...mutationsOf('src/attempts/admit.ts', attempts('admit', 'attempt-runner'), [
    [
      'T12',
      'a notification counts as held although its subscription takes deliveries again',
      'if (await holdNotification(db, input.notificationId, burstOf(input))) return',
      'await holdNotification(db, input.notificationId, burstOf(input));\n    if (true) return',
    ],
    [
      'ADW1',
      'a granted turn is waited for twice',
      'return admissionOf(input, delivery, subscription);\n  }\n  if (!(await claimForWorkflow',
      'await sleep(waitMs);\n    return admissionOf(input, delivery, subscription);\n  }\n  if (!(await claimForWorkflow',
    ],
    [
      'HNW1',
      'a burst does not say that what it holds has no workflow',
      'workflowId.startsWith(BURST_PREFIX) ? processId : undefined',
      'workflowId.startsWith(BURST_PREFIX) ? undefined : undefined',
    ],
    [
      'HNW2',
      'what the head start of a workflow holds counts as without one',
      'attemptKey === headStartKey(processId) && workflowId.startsWith(BURST_PREFIX) ? processId',
      'attemptKey === headStartKey(processId) ? processId',
    ],
    [
      'M9',
      'a retry is not shown as under way',
      'if (attempts > 0 || !mayHaveHeadStart(input) || input.slow || delivery.retryAsked)',
      'if (input.slow || delivery.retryAsked)',
    ],
    [
      'M10',
      'an attempt in the slow lane is not shown as under way',
      '!mayHaveHeadStart(input) || input.slow || delivery.retryAsked',
      'delivery.retryAsked',
    ],
    ['M11', 'the rate limit is ignored', 'if (ratePerSecond !== null) {', 'if (false) {'],
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
      'M16',
      'the notification of a deleted subscription stays open',
      'const closed = await cancelNotification(db, input.notificationId);\n',
      "const closed = { status: 'cancelled' };\n",
    ],
    [
      'AD1',
      'a notification in the line loses its turn when the limit is removed',
      '(delivery.rateSeq === null ? null : DRAIN_PER_SECOND)',
      'null',
    ],
    [
      'AD2',
      'a retry that a person asked for waits for its turn in the line',
      "urgent: delivery.retryAsked || delivery.status === 'delivering'",
      "urgent: delivery.status === 'delivering'",
    ],
    [
      'AD3',
      'an attempt that was granted and lost waits for another turn',
      "urgent: delivery.retryAsked || delivery.status === 'delivering'",
      'urgent: delivery.retryAsked',
    ],
    [
      'AD4',
      'a failed notification of a disabled subscription is attempted',
      "if (delivery.status === 'failed') return recordedOutcome(delivery);",
      '',
    ],
    [
      'AD5',
      'an attempt in the fast lane is made although its subscription is slow',
      'if (input.mayReroute && isSlow(subscription))',
      'if (false)',
    ],
    [
      'AD6',
      'a workflow of an earlier version gets an outcome that it does not know',
      'if (input.mayReroute && isSlow(subscription))',
      'if (isSlow(subscription))',
    ],
    [
      'AD7',
      'a notification that found no place in its lane does not show when it is tried again',
      '    await postpone(db, input.notificationId, throttled.waitSeconds, input.processId);\n',
      '',
    ],
  ]),
  ...mutationsOf('src/attempts/admit.ts', activities('deliver-head-start', 'deliver'), [
    [
      'M18',
      'an attempt that is recorded is made again',
      'if (delivery.lastAttemptKey === input.attemptKey)',
      'if (false)',
    ],
  ]),
  ...mutationsOf('src/attempts/admit.ts', attempts('admit'), [
    [
      'AD8',
      'attempts that wait for the claim of another process occupy the lane',
      'polls >= POLLS_WITHOUT_PLACE && subscription && enterLane(input, subscription, attempts)',
      'undefined',
    ],
  ]),
  ...mutationsOf('src/attempts/take-over.ts', temporal('hand-over'), [
    [
      'T15',
      'a failed head start is not handed over on the record',
      '    await handOver(db, notificationId, lastAttemptKey, attemptKey);\n',
      '',
    ],
  ]),
  ...mutationsOf('src/attempts/take-over.ts', attempts('admit', 'attempt-runner'), [
    [
      'M20',
      'a workflow waits for the claim of its own process',
      'claimedBy !== null && claimedBy !== processId',
      'claimedBy !== null',
    ],
    [
      'M21',
      'a notification that was opened again waits for an old claim',
      "attempts === 0 && status === 'pending'",
      "status === 'pending'",
    ],
    ['M22', 'a later step of the ladder is taken for a head start', 'return step === 0;', 'return true;'],
    ['M23', 'every attempt is made without a look at its head start', 'return step === 0;', 'return false;'],
    [
      'M24',
      'a claim of another process is not waited for',
      "return isClaimedElsewhere ? 'claimed elsewhere' : undefined;",
      'return undefined;',
    ],
    [
      'TO1',
      'a head start is made although its claim has lapsed',
      "if (claimedBy !== processId) throw new AttemptLeftError('late');",
      '',
    ],
    [
      'TO2',
      'a head start is made although its subscription became slow',
      "if (subscription?.slow) throw new AttemptLeftError('slow');",
      '',
    ],
  ]),
  ...mutationsOf('src/attempts/take-over.ts', temporal('duplicates'), [
    [
      'TO3',
      'a burst claims a notification whose workflow is making the first attempt',
      'return claimFirstAttempt(db, notificationId, workflowClaim(processId, subscription.timeoutSeconds));',
      'return true;',
    ],
  ]),
  ...mutationsOf('src/attempts/take-over.ts', activities('deliver-head-start'), [
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
  ]),
  ...mutationsOf('src/activities/deliver.ts', activities('deliver-head-start'), [
    ['M27', 'a slow attempt does not heartbeat', 'isLocal ? makeOrTakeOver()', 'true ? makeOrTakeOver()'],
    ['M29', 'an attempt in the slow lane counts as quick', 'slow: !isLocal', 'slow: false'],
  ]),
  ...mutationsOf('src/activities/with-heartbeats.ts', activities('deliver-head-start'), [
    ['M28', 'heartbeats go on after the attempt', '    clearInterval(heartbeat);\n', ''],
  ]),
  ...mutationsOf('src/attempts/take-over.ts', attempts('made-elsewhere'), [
    [
      'ME1',
      'a retry that another process is making is made at the same time',
      "if (status === 'delivering' && isClaimedElsewhere) throw new MadeElsewhereError();",
      '',
    ],
  ]),
  ...mutationsOf('src/activities/deliver.ts', activities('deliver-head-start'), [
    ['DL2', 'attempts take their place in the other lane', "isLocal ? 'fast' : 'slow'", "isLocal ? 'slow' : 'fast'"],
  ]),
  ...mutationsOf('src/activities/deliver.ts', temporal('lanes'), [
    ['DL1', 'an attempt keeps its place in the lane after its end', '.finally(() => visit.leave())', ''],
  ]),
  ...mutationsOf('src/attempts/lane-gate.ts', attempts('lane-gate'), [
    [
      'LG1',
      'one subscription takes all of a lane',
      'if (this.isFull(subscription, this.limits.perSubscription))',
      'if (this.isFull(subscription, this.limits.slots))',
    ],
    [
      'LG2',
      'one customer takes more of a lane than its cap',
      'if (this.isFull(customer, this.limits.perCustomer))',
      'if (this.isFull(customer, this.limits.slots))',
    ],
    [
      'LG3',
      'the share of a customer does not shrink while others are busy',
      'line.inFlight.size >= Math.min(cap, this.share(line))',
      'line.inFlight.size >= cap',
    ],
    ['LG12', 'a visit that waits elsewhere keeps its place', '    this.leaveLines?.(false);\n', ''],
    [
      'LG13',
      'a visit that waits elsewhere makes attempts look quick',
      'this.leaveLines?.(false)',
      'this.leaveLines?.()',
    ],
    [
      'LG14',
      'a visit that comes back sends others away for longer',
      'this.gate.isFree(customerId, subscriptionId) && this.enter',
      'this.enter',
    ],
    ['LG4', 'no slot is kept for those that have nothing in flight', 'free - Math.floor(slots * RESERVED)', 'free'],
    ['LG5', 'a slot is lost with each attempt', '      this.count(-1);\n', ''],
    [
      'LG6',
      'attempts that are turned away come back at the same time',
      'line.backAt = Math.max(line.backAt, now) + expectedMs(line, now) / places;',
      'line.backAt = now + expectedMs(line, now) / places;',
    ],
    ['LG7', 'an attempt that is turned away comes back immediately', 'Math.max(MIN_WAIT_MS, ', 'Math.max(0, '],
    ['LG8', 'an attempt that is turned away may wait for hours', 'Math.min(MAX_WAIT_MS, ', 'Math.min(Infinity, '],
    ['LG9', 'a visit takes two places', '    if (this.leaveLines) return undefined;\n', ''],
    [
      'LG10',
      'attempts that hang do not count for the wait of those behind them',
      'Math.max(meanMs, inFlight.size === 0 ? 0 : ageMs / inFlight.size)',
      'meanMs',
    ],
    ['LG11', 'idle customers are remembered for ever', 'lines.size >= MAX_IDLE_LINES', 'false'],
  ]),
  ...mutationsOf('src/attempts/rate-limiter.ts', attempts('rate-limiter'), [
    [
      'RM1',
      'requests of one group get their numbers in the order in which they asked',
      'requests.toSorted(byNumber)',
      '[...requests]',
    ],
    ['RM2', 'requests of one group get the same turn', '    plan.line = after;\n', ''],
    [
      'RM3',
      'an attempt waits in its process for a turn that is far away',
      'turn.behind === undefined ? turn.waitMs <= LEADS_IN_PROCESS * lead',
      'turn.behind === undefined ? true',
    ],
    ['RM4', 'an attempt that joined the line joins it again when it asks again', '      ({ seq } = turn);\n', ''],
    ['RM5', 'a granted attempt does not wait for its time', 'if (turn.waitMs > 0) await sleep(turn.waitMs);', ''],
    [
      'RM6',
      'the workflow wakes at its turn and not before',
      'waitMs: Math.max(0, turn.waitMs - lead)',
      'waitMs: turn.waitMs',
    ],
    [
      'RM7',
      'a line that another process changed meanwhile is taken for written',
      '(await writeTurns(db, subscriptionId, version, line, toWrite))',
      '(await writeTurns(db, subscriptionId, version, line, toWrite), true)',
    ],
    ['RM8', 'an attempt that asks again and again writes each time', 'again: !isFirst && !isLast', 'again: false'],
    ['RM9', 'an attempt that gives up does not show its turn', 'again: !isFirst && !isLast', 'again: !isFirst'],
    ['RM15', 'turns that took long to write are made together', 'elapsedMs > MAX_HOLD_MS', 'false'],
    ['RM11', 'nobody wakes those that sleep behind others', '    onBehind(subscriptionId);\n', ''],
    ['RM12', 'an attempt that waits for others keeps the place that they need', '  visit?.withdraw();\n', ''],
    ['RM13', 'an attempt without a place asks for its turn', 'return !visit || visit.comeBack();', 'return true;'],
    ['RM14', 'any number of attempts wait here', 'behindHere >= MAX_BEHIND_HERE', 'false'],
    ['RM10', 'a turn that is granted when it is asked for again is not written', 'granted || !again', '!again'],
  ]),
  ...mutationsOf('src/attempts/start-planner.ts', attempts('start-planner'), [
    ['SP4', 'turns that were given up are waited for', 'if (dueMs - nowMs > LONG_WAIT_MS) {', 'if (false) {'],
    ['SP1', 'a workflow begins at its turn and not before', 'dueMs - leadMs(intervalMs) - nowMs', 'dueMs - nowMs'],
    ['SP2', 'a workflow with a head start is delayed', 'if (notification.hasHeadStart) return 0;', ''],
    [
      'SP3',
      'all in a line ask immediately',
      'if (inLine !== undefined) return inLine;',
      'if (inLine !== undefined) return 0;',
    ],
  ]),
  ...mutationsOf('src/attempts/line-waker.ts', attempts('line-waker'), [
    ['LW1', 'each that falls asleep is noted alone', 'if (this.noted.has(subscriptionId)) return;', ''],
    ['LW2', 'a line is woken once in the life of a process', 'this.noted.delete(subscriptionId);', ''],
  ]),
  ...mutationsOf('src/attempts/subscription-cache.ts', attempts('subscription-cache-limits'), [
    ['T23', 'format trigger shows stale attempts', "    format !== 'trigger' &&\n", ''],
    ['M30', 'a subscription is kept while it is in the slow lane', '    !slow &&\n', ''],
    ['M31', 'a subscription is kept while it rotates its signing key', ' &&\n    signingKeys.length <= 1', ''],
    ['M32', 'a subscription is kept while it rotates its secret', 'secrets.length === 1', 'secrets.length >= 1'],
    ['M33', 'a subscription that is held is kept', "    status === 'enabled' &&\n", ''],
    ['M34', 'the cache grows without a limit', 'this.entries.size >= MAX_ENTRIES', 'false'],
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
      "(subscription.format === 'flat' && subscription.sharesSecret) || composed?.holdsSecret",
      'composed?.holdsSecret',
    ],
    ['M37', 'attempts are numbered from zero', 'String(delivery.attempts + 1)', 'String(delivery.attempts)'],
  ]),
  ...mutationsOf('src/attempts/head-start/slots.ts', CONCURRENCY_TEST, [
    ['T17', 'head starts are made without a limit', '{ total: 256,', '{ total: 100_000,'],
    ['M38', 'one subscription takes all slots of its customer', 'perSubscription: 64,', 'perSubscription: 1000,'],
    [
      'M40',
      'a subscription that had its limit never goes on',
      '[customer, subscription, ...withReserve',
      '[customer, ...withReserve',
    ],
    ['M48', 'a late event loop does not matter', 'if (late && this.busy', 'if (false && this.busy'],
    ['M51', 'a slot is released twice', '        if (released) return;\n', ''],
    ['SL1', 'customers that have slots take the last ones', ' - Math.floor(total * RESERVED_SHARE)', ''],
  ]),
  ...mutationsOf('src/attempts/head-start/slots.ts', attempts('head-start/slots', 'head-start/isolation'), [
    [
      'SL2',
      'one customer takes more slots than its limit',
      "if (ofCustomer >= perCustomer) return { by: customer, whole: 'customer' };",
      '',
    ],
    [
      'SL3',
      'one destination takes more slots than its limit',
      'if (host !== undefined && this.of(host) >= perHost + (isNewAtHost ? Math.ceil(perHost * RESERVED_SHARE) : 0))',
      'if (false)',
    ],
    [
      'SL8',
      'a customer that used a reserve waits for others',
      'this.onRelease(names, user.customerId);',
      'this.onRelease(names);',
    ],
    ['SL6', 'a host that is full is closed to all customers', 'Math.ceil(perHost * RESERVED_SHARE)', '0'],
    ['SL7', 'a customer keeps the reserve of a host to itself', 'this.of(customerAtHost) === 0;', 'true;'],
    ['SL4', 'requests that hang count while the event loop is late', '      this.young.delete(slot);\n    }', '    }'],
    ['SL5', 'a customer without a slot waits while the event loop is late', '(isNew ? RESERVED_WHEN_LATE : 0)', '0'],
  ]),
  ...mutationsOf(
    'src/domain/tenant-turns.ts',
    ['test/domain/tenant-turns.test.ts'],
    [
      [
        'TU1',
        'a customer keeps its turn until it has nothing left',
        '        if (line.size > 0) this.ring.add(customerId);',
        '        if (line.size > 0) this.ring = new Set([customerId, ...this.ring]) as never;',
      ],
      [
        'TU2',
        'an item that is pushed brings a parked customer back',
        'if (!this.parkedCustomers.has(customerId)) this.ring.add(customerId);\n  }\n\n  /**\n   * Takes',
        'this.ring.add(customerId);\n  }\n\n  /**\n   * Takes',
      ],
      [
        'TU3',
        'a limit that was released brings back one of those parked under it, and no more',
        '} while (this.unparkReleased());',
        '} while (false);',
      ],
      [
        'TU4',
        'one subscription at its limit keeps its whole customer from its turn',
        "if (blocked.whole === 'customer') return undefined;",
        'return undefined;',
      ],
      ['TU5', 'a limit that blocks again still counts as released', '    this.released.delete(by);\n', ''],
    ],
  ),
  ...mutationsOf('src/attempts/head-start/head-starts.ts', CONCURRENCY_TEST, [
    [
      'M39',
      'a slot is not free before the attempt is recorded',
      '        onSent: () => {\n          slot.release();\n',
      '        onSent: () => {\n',
    ],
    [
      'M41',
      'a slot is lost with an attempt that could not be made',
      '    slot.release();\n    this.running -= 1;',
      '    this.running -= 1;',
    ],
    [
      'M44',
      'a closing process does not wait for what is under way',
      'const ended = this.running === 0 ?',
      'const ended = true ?',
    ],
    ['M50', 'a process without a worker keeps outcomes', 'outcome, this.options.keepOutcomes)', 'outcome, true)'],
    ['M50b', 'a process with a worker keeps no outcomes', 'outcome, this.options.keepOutcomes)', 'outcome, false)'],
    [
      'HS2',
      'a delivery that a person asked for is replaced by the head start before it',
      "if (outcome?.kind === 'delivered' && trigger === 'scheduled') return outcome;",
      "if (outcome?.kind === 'delivered') return outcome;",
    ],
    [
      'HS3',
      'a workflow makes an attempt that its head start has made',
      'const outcome = await this.first.outcomeOf(notificationId);',
      'const outcome = undefined as DeliverOutcome | undefined;',
    ],
    [
      'HS1',
      'a process that closes goes on queueing head starts',
      "if (this.closed) this.leave(headStart.notificationId, 'stopped');\n      else this",
      'this',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/head-starts.ts', activities('deliver-head-start'), [
    [
      'T16',
      'a failed head start of this process is taken without a hand-over',
      "if (outcome?.kind === 'delivered' && trigger === 'scheduled') return outcome;",
      "if (outcome && trigger === 'scheduled') return outcome;",
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/head-starts.ts', attempts('head-start/isolation'), [
    [
      'HS4',
      'head starts of a subscription that became slow keep waiting for a slot',
      '        onSlow: () => this.queue.leaveSubscription(headStart),\n',
      '',
    ],
    [
      'HS5',
      'a head start that was put off keeps its claim',
      "return outcome.kind === 'throttled' ? this.leave(notificationId, 'postponed') : outcome;",
      'return outcome;',
    ],
  ]),
  ...mutationsOf(
    'src/attempts/head-start/first-attempts.ts',
    attempts('head-start/first-attempts', 'head-start/concurrency'),
    [
      [
        'M45',
        'outcomes that nobody asks for are kept for ever',
        'if (expiresAt > now && this.kept.size < MAX_KEPT) break;',
        'break;',
      ],
      [
        'M46',
        'outcomes are forgotten before their workflow asks',
        'if (expiresAt > now && this.kept.size < MAX_KEPT) break;',
        '',
      ],
      [
        'M47',
        'a start waits for ever for a workflow that never asks',
        'const timer = setTimeout(() => this.noteTaken(notificationId), TAKEN_TIMEOUT_MS);',
        'const timer = undefined;',
      ],
      [
        'FA1',
        'an outcome that is past its time is returned',
        'return kept && kept.expiresAt > performance.now() ? kept.outcome : undefined;',
        'return kept?.outcome;',
      ],
      [
        'FA2',
        'an outcome is returned twice',
        '    this.kept.delete(notificationId);\n    if (outcome)',
        '    if (outcome)',
      ],
    ],
  ),
  ...mutationsOf('src/attempts/head-start/first-attempts.ts', attempts('head-start/first-attempts'), [
    [
      'FA3',
      'the same attempt is made twice at the same time',
      'if (this.underWay.has(notificationId)) return false;',
      '',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/head-start-queue.ts', CONCURRENCY_TEST, [
    [
      'M43',
      'workflows wait for head starts that a closing process drained',
      "for (const one of this.turns.drain()) this.leave(one, 'stopped');",
      'this.turns.drain();',
    ],
    [
      'HX1',
      'a head start whose claim may lapse before its answer is made',
      "if (isTooLate(next)) this.leave(next, 'late');\n      else return",
      'return',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/head-start-queue.ts', attempts('head-start/head-starts'), [
    [
      'M52',
      'a backlog takes all slots while producers post',
      'this.isPaced(one) ? this.backlog.slots : undefined',
      'undefined',
    ],
    ['M53', 'a backlog stays slow although nobody posts', ' && performance.now() - this.acceptedAt <= QUIET_MS', ''],
  ]),
  ...mutationsOf('src/attempts/head-start/head-start-queue.ts', attempts('head-start/isolation'), [
    ['HQ2', 'any number of head starts may wait', 'if (this.size > MAX_WAITING)', 'if (false)'],
    [
      'HQ3',
      'a head start that waits behind a limit never leaves',
      "for (const one of this.list.sweep()) this.leave(one, 'late');",
      'this.list.sweep();',
    ],
    ['HQ4', 'limits that end with time are not checked again', '    this.slots.recheck();\n', ''],
  ]),
  ...mutationsOf('src/attempts/head-start/waiting-list.ts', CONCURRENCY_TEST, [
    ['M42', 'a head start is made although its claim may lapse meanwhile', ' * 1000 - MARGIN_MS;', ' * 1000;'],
    [
      'M49',
      'what the accept wrote is used although it is old',
      'isFresh(item) ? item.accepted : undefined',
      'item.accepted',
    ],
  ]),
  ...mutationsOf(
    'src/attempts/head-start/waiting-list.ts',
    attempts('head-start/isolation', 'head-start/head-starts'),
    [
      [
        'M54',
        'a renewed claim counts as an event that was just accepted',
        'return accepted !== undefined && performance',
        'return performance',
      ],
      [
        'WL1',
        'payloads that wait have no limit',
        'if (this.bytes + sizeOf(item) > MAX_BYTES) item.accepted = undefined;',
        '',
      ],
      ['WL2', 'payloads that are not fresh stay in memory', 'item.left || !isFresh(item))', 'item.left)'],
      [
        'WL3',
        'payloads that left still count',
        '    this.bytes -= sizeOf(item);\n    item.accepted = undefined;\n    return',
        '    item.accepted = undefined;\n    return',
      ],
    ],
  ),
  ...mutationsOf('src/attempts/head-start/head-start-queue.ts', attempts('head-start/claim-renewal'), [
    ['HQ5', 'claims of what waits are not renewed', '    this.renewal?.add(this.list.takeToRenew());\n', ''],
    [
      'HQ6',
      'the claim of a head start with a workflow of its own is renewed',
      'this.renewal && headStart.workflowId.startsWith(BURST_PREFIX)',
      'this.renewal',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/head-starts.ts', attempts('head-start/claim-renewal'), [
    [
      'HS6',
      'a process whose bursts run elsewhere renews claims',
      'options.keepOutcomes ? options.renewClaims : undefined',
      'options.renewClaims',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/waiting-list.ts', attempts('head-start/claim-renewal'), [
    ['WL4', 'a claim is renewed for ever', '!item.left && now < item.renewUntil!', '!item.left'],
    ['WL5', 'a head start leaves although its claim was renewed', '!item.left && isTooLate(item));', '!item.left);'],
    [
      'WL6',
      'a claim is renewed only once',
      'item.claimedAt = claimedAt;\n    this.list(item);',
      'item.claimedAt = claimedAt;',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/claim-renewal.ts', attempts('head-start/claim-renewal'), [
    ['CN1', 'one statement renews any number of claims', 'this.waiting.splice(0, MAX_GROUP)', 'this.waiting.splice(0)'],
    ['CN2', 'a renewal that ended keeps others from beginning', '    this.isRenewing = false;\n', ''],
  ]),
  ...mutationsOf('src/attempts/head-start/claim-release.ts', attempts('head-start/claim-release'), [
    [
      'CR1',
      'one statement releases any number of claims',
      'this.waiting.splice(0, MAX_GROUP)',
      'this.waiting.splice(0)',
    ],
    ['CR3', 'each claim is released by a statement of its own', '    await Promise.resolve();\n', ''],
    ['CR4', 'claims are released by the first call only', '    this.releasing = undefined;\n', ''],
    ['CR5', 'closing does not wait for the release of claims', '    await this.releasing;\n', ''],
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
      'Math.max(MIN_SLOTS, this.current * SHRINK)',
      'this.current * SHRINK',
    ],
    [
      'M61b',
      'a backlog reads its notifications one by one while the event loop is busy',
      'MIN_SLOTS = 16',
      'MIN_SLOTS = 4',
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
  ...mutationsOf('src/activities/settle-batch.ts', activities('settle-batch', 'release-held'), [
    [
      'S5',
      'what was accepted as held meanwhile is left behind',
      'return { done: false, waitSeconds: Math.min',
      'return { done: true, waitSeconds: Math.min',
    ],
    [
      'M68',
      'a disabled subscription releases what it holds',
      "if (status === 'enabled') return releaseHeld(subscriptionId, since);",
      'return releaseHeld(subscriptionId, since);',
    ],
    ['M70', 'a settling ends after its first batch', '    if (isLeft) return { done: false };\n', ''],
    [
      'SB2',
      'those that wait for their turn are not woken with a settlement',
      '[await wakeLine(subscriptionId)];',
      '[{ done: true } as SettleBatchResult];',
    ],
  ]),
  ...mutationsOf('src/activities/cancel-open.ts', activities('settle-batch'), [
    [
      'M69',
      'workflows are not signalled that their notification was cancelled',
      '      await paced.run(`cancel ${customerId}`, () => control.cancel(notificationId), PAUSES_AFTER_CANCEL);\n',
      '',
    ],
    [
      'SB1',
      'the notifications of a deleted subscription stay open',
      'let page = await listOpen(db, subscriptionId, PAGE);',
      'let page: string[] = [];',
    ],
  ]),
  ...mutationsOf('src/activities/release-held.ts', activities('release-held', 'settle-batch'), [
    [
      'RH1',
      'notifications without a workflow overtake those that were accepted before',
      'if (withWorkflow.length > 0 && claimed.length > 0)',
      'if (false)',
    ],
    ['RH2', 'claimed notifications are not launched', '    launchReleased(claimed, claimedAt);\n', ''],
    [
      'RH3',
      'workflows are not woken from their hold',
      'await control.release(notification);',
      'await control.release;',
    ],
    [
      'RH10',
      'what waits in a line asks for its turn as soon as it is released',
      'if (!notification.linedUp || !(await control.start(notification)))',
      'if (notification)',
    ],
    [
      'RH11',
      'a notification in a line with a workflow is not released',
      '!(await control.start(notification))',
      '!(await control.start(notification), true)',
    ],
    [
      'RH4',
      'a release does not wait until the receiver has answered most of a page',
      '(await countPending(db, ids)) > pendingBeforeNext',
      'false',
    ],
    [
      'RH5',
      'what is held while the mark is taken away waits for the next batch',
      'if (isOpen || page.length === 0) {',
      'if (true) {',
      'The next batch of the settlement releases them, two seconds later.',
    ],
    [
      'RH6',
      'a release that has ended looks as if it were running',
      '          await endRelease(db, subscriptionId);\n',
      '',
    ],
    [
      'RH7',
      'new notifications pass before the backlog was released',
      'progress.released >= BACKLOGS_BEFORE_OPENING * progress.backlog + PAGE',
      'progress.released >= PAGE',
    ],
    [
      'RH8',
      'new notifications queue for ever behind a release that cannot catch up',
      '      await openIfOutrun(subscriptionId, settlingSince);\n',
      '',
    ],
  ]),
  ...mutationsOf(
    'src/attempts/line-patience.ts',
    ['test/attempts/line-patience.test.ts'],
    [
      ['LP1', 'each front gets ten more seconds', 'const isNewFront = isSilent && ', 'const isNewFront = '],
      [
        'LP2',
        'a front that never asks is waited for again and again',
        'isSilent && last?.front !== frontSeq',
        'isSilent',
      ],
      ['LP3', 'a line that nobody asked in is not silent', 'last === undefined || ', 'last !== undefined && '],
      [
        'LP4',
        'a later front is waited for from an earlier time',
        'asked.front === frontSeq ? asked.sinceMs : -Infinity',
        'asked.sinceMs',
      ],
    ],
  ),
  ...mutationsOf(
    'src/attempts/rate-limiter.ts',
    ['test/attempts/rate-limiter.test.ts'],
    [
      [
        'LP5',
        'an outage uses up the patience with all of a line',
        'from.frontSeq, ids), since)',
        'from.frontSeq, ids))',
      ],
    ],
  ),
  ...mutationsOf('src/activities/wake-line.ts', activities('wake-line'), [
    ['WA1', 'a long line is woken as a crowd', 'waiting.dueInMs <= AHEAD_MS && isNew', 'isNew'],
    [
      'WA4',
      'the line shows when it was due by the old limit',
      'if (!isShown) await showDue(db, subscriptionId, wake);',
      '',
    ],
    ['WA5', 'a short line is woken all at the same time', 'isShort ? 1 : SIGNAL_CONCURRENCY', 'SIGNAL_CONCURRENCY'],
    ['WA6', 'a notification that was signalled is signalled again and again', '&& isNew(waiting)', ''],
    [
      'WA7',
      'a wake never ends',
      '        await endWake(db, subscriptionId, wake);\n        continue;',
      '        return { done: true };',
    ],
    [
      'WA8',
      'a notification that sleeps again is not signalled again',
      '`${notificationId} ${wakesAtMs}`',
      '`${notificationId} ${wakesAtMs > 0}`',
    ],
    [
      'WA9',
      'the next group is woken before the last one had its turn',
      'if (group.length > 0) await served(group);',
      '',
    ],
  ]),
  ...mutationsOf('src/activities/hand-on.ts', activities('hand-on'), [
    ['HO3', 'a start that failed is forgotten', '    if (this.failure) throw this.failure.error;\n', ''],
    [
      'WP4',
      'failed members wait behind those in the slow lane',
      "lane === 'slow' ? slowStartsOf(customerId) : customerId",
      'customerId',
    ],
  ]),
  ...mutationsOf('src/activities/recover-page.ts', activities('recover-page'), [
    [
      'X8',
      'a recovery does not wait for the attempt before',
      'if (inOrder) inOrder = await awaitAttempt(db, notificationId);',
      'inOrder = false;',
    ],
    [
      'M72',
      'a page is as long as there are notifications',
      'task.notificationIds.slice(0, pageSize',
      'task.notificationIds.slice(0, 100 + pageSize',
    ],
    [
      'M73',
      'a recovery of a deleted subscription is completed',
      "task.subscriptionDeleted ? 'failed' : 'completed'",
      "'completed'",
    ],
    [
      'M75',
      'a recovery of a deleted subscription goes on',
      'if (task.subscriptionDeleted || task.notificationIds.length === 0)',
      'if (task.notificationIds.length === 0)',
    ],
  ]),
  ...mutationsOf('src/activities/recovery-pace.ts', activities('recover-page'), [
    ['M71', 'a slow recovery retries nothing', 'Math.max(1, Math.floor(', 'Math.max(0, Math.floor('],
    [
      'M74',
      'a recovery goes on after it was cancelled',
      "if (then === 'stopped') return { done: false, waitSeconds: 0 };",
      "if (then === 'stopped') continue;",
      'The statement that takes each notification checks the recovery as well, and takes none of the rest.',
    ],
  ]),
  ...mutationsOf('src/activities/await-burst.ts', temporal('burst'), [
    [
      'M76',
      'a burst takes failed head starts for done',
      "if (outcome?.kind === 'delivered') this.open.delete(id);",
      'if (outcome) this.open.delete(id);',
    ],
    [
      'M77',
      'a burst leaves its members without a workflow',
      '        this.passOn(member);\n        left.push(id);',
      '        this.open.delete(id);\n        left.push(id);',
    ],
    [
      'M78',
      'a burst does not make what a dead process left',
      'else toClaim.push(member);',
      'else this.passOn(member);',
    ],
    [
      'AB1',
      'a burst does not wait for first attempts of another process',
      "else if (state === 'claimed') continue;",
      "else if (state === 'claimed') this.passOn(member);",
    ],
    [
      'AB2',
      'a burst hands members on only when all its first attempts are over',
      '[...this.open].filter((id) => !this.here.has(id))',
      '(this.here.size > 0 ? [] : [...this.open])',
    ],
  ]),
  ...mutationsOf('src/activities/index.ts', activities('cancel-notification', 'maintenance'), []),
  ...mutationsOf(
    'src/delivery/response-body.ts',
    ['test/delivery/exchange-deadline.test.ts', 'test/delivery/response-bodies.test.ts'],
    [
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
      ['RB1', 'a decoded body has no end', 'if (size > KEPT_BODY_BYTES) finish(true);', ''],
      ['RB2', 'codings are undone in the order in which they were applied', '[...codings].reverse()', '[...codings]'],
    ],
  ),
  ...mutationsOf('src/activities/reschedule.ts', activities('reschedule'), [
    ['RSC1', 'the workflow is not signalled', '      if (move) await signal(page[0]!.customerId, move);\n', ''],
    [
      'RSC2',
      'an attempt that is recorded late keeps the old schedule',
      '      if (rescheduling.ageSeconds < STRAGGLER_SECONDS) return { done: false, waitSeconds: STRAGGLER_SECONDS };\n',
      '',
    ],
  ]),
  ...mutationsOf(
    'src/delivery/exchange.ts',
    ['test/delivery/exchange-deadline.test.ts'],
    [
      [
        'H4',
        'the deadline begins again with the body',
        'Math.min(BODY_TIMEOUT_MS, deadline - performance.now())',
        'BODY_TIMEOUT_MS',
      ],
      [
        'M83',
        'the body may take all that is left of a long deadline',
        'Math.min(BODY_TIMEOUT_MS, deadline - performance.now())',
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
  ...mutationsOf('src/attempts/admit.ts', temporal('handed-on-retries'), [
    [
      'RQ8',
      'the first attempt of a reopened notification is not made for the retry',
      'isAsked = delivery.retryAsked || (delivery.reopened && delivery.ladderAttempts === 0)',
      'isAsked = delivery.retryAsked',
    ],
    [
      'RQ9',
      'all attempts of a reopened notification are made for the retry',
      'isAsked = delivery.retryAsked || (delivery.reopened && delivery.ladderAttempts === 0)',
      'isAsked = delivery.reopened',
    ],
    [
      'RQ14',
      'an attempt that is due is not made for the retry that was asked for',
      'isAsked = delivery.retryAsked || (delivery.reopened && delivery.ladderAttempts === 0)',
      'isAsked = delivery.reopened && delivery.ladderAttempts === 0',
    ],
  ]),
  ...mutationsOf('src/attempts/admit.ts', attempts('admit'), [
    [
      'RQ21',
      'a head start is made for a retry',
      'isForRetry: isAsked && attemptKey !== headStartKey(processId)',
      'isForRetry: isAsked',
    ],
  ]),
  ...mutationsOf('src/attempts/outcome.ts', temporal('handed-on-retries'), [
    ['RQ10', 'a workflow does not hear for whom it made an attempt', 'isForRetry ? { wasManual: true } : {}', '{}'],
  ]),
  ...mutationsOf('src/workflows/manual-retry.ts', temporal('handed-on-retries'), [
    [
      'RQ11',
      'a workflow forgets that it made an attempt for a retry',
      "if (trigger === 'scheduled') return outcome.wasManual === true;",
      "if (trigger === 'scheduled') return false;",
    ],
  ]),
  ...mutationsOf('src/activities/recover-page.ts', activities('recover-page'), [
    [
      'RQ12',
      'a recovery does not say how many attempts there were',
      '{ reopened: true, attempts: notification.attempts }',
      '{ reopened: true }',
    ],
  ]),
  ...mutationsOf('src/temporal/check-notification.ts', temporal('handed-on-retries'), [
    [
      'RQ13',
      'a repeated signal does not say how many attempts there were',
      '{ reopened: isReopened, attempts: notification.attempts }',
      '{ reopened: isReopened }',
    ],
  ]),
  ...mutationsOf('src/attempts/head-start/ask-again.ts', attempts('head-start/head-starts'), [
    [
      'KT1',
      'a head start gives up while Postgres restarts',
      'if (!isUnavailable(error) || !mayAskAgain()) throw error;',
      'throw error;',
    ],
    ['KT2', 'a head start asks again although its claim is old', ' || !mayAskAgain()', ''],
    ['KT3', 'a head start asks again whatever failed', '!isUnavailable(error) || ', ''],
  ]),
];
