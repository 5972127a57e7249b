/** Mutations of what keeps expressions of customers apart, and of the exit codes of the CLI. */
import { mutationsOf } from '../mutation.mjs';

const ISOLATION_TEST = ['test/composition/isolation.test.ts'];

export default [
  ...mutationsOf(
    'src/process/loop-turns.ts',
    ['test/process/loop-turns.test.ts'],
    [
      ['LT1', 'works share a turn of the event loop', 'if (!this.isTurning) this.turn();', 'this.turn();'],
      ['LT2', 'works run one after the other in a turn', 'setImmediate(() => {', 'queueMicrotask(() => {'],
      ['LT3', 'tenants do not take turns', 'this.queue.push(tenant, resolve)', "this.queue.push('', resolve)"],
      ['LT4', 'what waits is forgotten', 'if (this.queue.size > 0) this.turn();\n      else ', ''],
    ],
  ),
  ...mutationsOf(
    'src/api/routes/events.ts',
    ['test/api/events.test.ts'],
    [
      [
        'LT5',
        'all events of a batch are launched in one turn',
        'outcomes.slice(from, from + LAUNCHED_AT_ONCE)',
        'from > 0 ? [] : outcomes',
      ],
    ],
  ),
  ...mutationsOf(
    'src/store/notifications/load-deliveries.ts',
    ['test/store/plans-of-a-new-day.test.ts'],
    [['ND1', 'a group of attempts scans the events of the day', ' offset 0) e', ') e']],
  ),
  ...mutationsOf(
    'src/store/notifications/accept.ts',
    ['test/store/plans-of-a-new-day.test.ts'],
    [
      [
        'ND2',
        'repeats of an event scan the notifications of the day',
        "n.id between i.first and i.last and ${has('n.id')} offset 0",
        "${has('n.id')}",
      ],
    ],
  ),
  ...mutationsOf(
    'src/activities/release-held.ts',
    ['test/temporal/releasing.test.ts'],
    [
      [
        'RLS1',
        'a release to the slow lane takes large pages',
        'const size = isSlow ? slowPage : PAGE;',
        'const size = PAGE;',
      ],
      [
        'RLS2',
        'a release to the slow lane does not wait for its attempts',
        'const paced = isSlow ? page : page.filter',
        'const paced = page.filter',
      ],
    ],
  ),
  ...mutationsOf(
    'src/attempts/rate-limiter.ts',
    ['test/attempts/rate-limiter.test.ts'],
    [['GUP1', 'numbers that were given up keep their turns', 'atMs - nowMs > LONG_WAIT_MS', 'false']],
  ),
  ...mutationsOf(
    'src/store/subscriptions/rate-line.ts',
    ['test/attempts/rate-limiter.test.ts'],
    [
      [
        'GUP2',
        'a line without anybody is not passed',
        'frontSeq: first ?? line.nextSeq',
        'frontSeq: first ?? line.frontSeq',
      ],
    ],
  ),
  ...mutationsOf(
    'src/process/paced-queue.ts',
    ['test/process/paced-queue.test.ts'],
    [
      ['PQR1', 'free calls come back too quickly', 'const FREE_PER_SECOND = 5;', 'const FREE_PER_SECOND = 20;'],
      ['PQR2', 'free calls hardly come back', 'const FREE_PER_SECOND = 5;', 'const FREE_PER_SECOND = 1;'],
    ],
  ),
  ...mutationsOf('src/composition/transform-process.ts', ISOLATION_TEST, [
    ['Q7', 'an expression runs beside the secrets of the service', '      env: {},\n', ''],
    ['Q10', 'a process of expressions may read files', '        PERMISSION_FLAG,\n', ''],
  ]),
  ...mutationsOf(
    'src/composition/transform-process.ts',
    ['test/composition/transforms.test.ts'],
    [
      [
        'Q9',
        'an expression takes any amount of memory',
        '        `--max-old-space-size=${TRANSFORM_MEMORY_MB}`,\n',
        '',
      ],
    ],
  ),
  ...mutationsOf('src/composition/transform-pool.ts', ISOLATION_TEST, [
    ['Q11', 'an evaluation whose process died is lost', "if (end === 'died' && !this.closed)", 'if (false)'],
    ['Q12', 'large data counts as small', 'Math.ceil(charactersOf(task) / CHARACTERS_PER_PLACE)', '1'],
  ]),
  ...mutationsOf(
    'src/composition/shared-places.ts',
    [...ISOLATION_TEST, 'test/composition/queries.test.ts'],
    [
      ['Q20', 'more places are taken than there are', 'if (this.shares.isFull) return undefined;', ''],
      ['Q21', 'slow work is not noted', '    this.shares.note(customer, ms, wasCostly);\n', ''],
      ['Q22', 'time is not charged', '    this.turns.charge(customer, ms);\n', ''],
    ],
  ),
  ...mutationsOf('src/composition/customer-shares.ts', ISOLATION_TEST, [
    ['Q8', 'one customer takes all processes', 'Math.max(1, places - 1)', 'places'],
    ['Q15', 'slow customers together take all processes', '(slowMayRun || !this.slowUntil.has(customer))', 'true'],
  ]),
  ...mutationsOf(
    'src/composition/source-turns.ts',
    ['test/composition/queries.test.ts'],
    [
      [
        'Q17',
        'queries of customers do not take turns',
        'this.places.charge(owner.customer, performance.now() - since);',
        '',
      ],
      ['Q18', 'a query that ended keeps its connection', '      this.places.free(owner.customer);\n', ''],
      [
        'Q19',
        'a query waits for a connection for ever',
        'const timer = setTimeout(() => this.places.remove(waiting) && waiting.refuse(), waitMs);',
        'const timer = setTimeout(() => undefined, waitMs);',
      ],
    ],
  ),
  ...mutationsOf('src/composition/timed-turns.ts', ISOLATION_TEST, [
    ['Q13', 'the subscriptions of a customer do not take turns', '    moveToBack(line, subscription);\n', ''],
    ['Q16', 'turns go by number, not by time', '+ ms);\n    for', ');\n    for'],
    [
      'Q14',
      'the customer that comes last is refused',
      'const last = this.newestOf(this.largest(customer));',
      'const last = this.newestOf(customer);',
    ],
  ]),
  ...mutationsOf(
    'src/api/limits/request-bytes.ts',
    ['test/api/limits/request-bytes.test.ts', 'test/api/events-intake.test.ts'],
    [
      ['RQ1', 'no body gives way', 'if (!body) return;', 'return;'],
      ['RQ2', 'slow bodies do not give way', 'largest.since < performance.now() - SLOW_AFTER_MS', 'false'],
      [
        'RQ3',
        'the body of a tenant that holds no more gives way',
        '> share ? largest : undefined',
        '> 0 ? largest : undefined',
      ],
      ['RQ4', 'bodies give way in vain', ' && share <= this.totalBytes / 2', ''],
      [
        'RQ5',
        'a body that gave way keeps its memory',
        '            end();\n            reject(problem);',
        '            reject(problem);',
      ],
      ['RQ6', 'memory is released twice', 'if (ended) return;', ''],
    ],
  ),
  ...mutationsOf(
    'src/delivery/name-query.ts',
    ['test/delivery/resolver.test.ts'],
    [['NQ1', 'an alias without an address resolves', 'if (records.length === 0) throw', 'if (false) throw']],
  ),
  ...mutationsOf(
    'cli/src/program.ts',
    ['test/cli/exit-codes.test.ts'],
    [['E2', 'a role that does not allow the command ends with 1', '[401, 403].includes', '[401].includes']],
  ),
];
