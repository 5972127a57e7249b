/** Pure rules: turns, bounds, ladders, ids, signatures, patterns. */
import { mutationsOf } from '../mutation.mjs';

const domain = (...names) => names.map((name) => `test/domain/${name}.test.ts`);

export default [
  ...mutationsOf('src/domain/fair-queue.ts', domain('fair-queue'), [
    ['M55', 'items are taken twice after a lane was cut', '        line.taken = 0;\n', ''],
    [
      'M56',
      'what waits under a key is lost when it is paused',
      'this.ready.get(key) ?? { items: [], taken: 0 });\n    this.ready',
      '{ items: [], taken: 0 });\n    this.ready',
    ],
    ['M57', 'an empty key takes a turn', 'if (line.items.length > line.taken) this.ready', 'this.ready'],
    [
      'M58',
      'a paused key gets what is pushed into a second line',
      'this.ready.get(key) ?? this.paused.get(key);\n    if (line) line',
      'this.ready.get(key);\n    if (line) line',
    ],
    [
      'FQ1',
      'a key keeps its turn until it is empty',
      '    this.ready.delete(key);\n    if (line.taken < line',
      '    if (line.taken === line.items.length) this.ready.delete(key);\n    if (line.taken < line',
    ],
    ['FQ2', 'what is removed still counts', '    this.count -= left.length;\n', ''],
    ['FQ3', 'what was taken is removed again', 'line.items.slice(line.taken)', 'line.items.slice(0)'],
    [
      'FQ4',
      'draining leaves out the paused keys',
      '[...this.ready.values(), ...this.paused.values()].flatMap',
      '[...this.ready.values()].flatMap',
    ],
    [
      'FQ5',
      'clearing ends a pause',
      'for (const key of this.paused.keys()) this.paused.set(key, { items: [], taken: 0 });',
      'this.paused.clear();',
    ],
  ]),
  ...mutationsOf('src/domain/fair-bound.ts', domain('fair-bound'), [
    ['FB1', 'one tenant fills the bound', 'share <= this.total - this.sum && ', ''],
    ['FB2', 'one tenant holds more than its limit', 'if (share > this.perTenant) return false;', ''],
    [
      'FB3',
      'an amount is let in by what was held before it',
      '= this.heldBy(tenant) + amount;',
      '= this.heldBy(tenant);',
    ],
    ['FB7', 'a few tenants leave nothing', ' && this.sum + amount <= this.total * (1 - RESERVED)', ''],
    ['FB8', 'small shares exceed the bound', 'return this.sum + amount <= this.total;', 'return true;'],
    ['FB4', 'what a tenant gave back still counts against all', '    this.sum -= amount;\n', ''],
    [
      'FB5',
      'what a tenant gave back still counts against it',
      '- amount;\n    if (left > 0)',
      '- 0 * amount;\n    if (left > 0)',
    ],
    ['FB6', 'clearing keeps the total', '    this.sum = 0;\n', ''],
  ]),
  ...mutationsOf('src/domain/rate-line.ts', domain('rate-line'), [
    [
      'N53',
      'a rate limit saves turns up over a pause',
      'Math.max(nowMs, takenAtMs + intervalMs)',
      'takenAtMs + intervalMs',
    ],
    ['N54', 'a turn is not free at its time', 'if (dueMs > nowMs) return', 'if (dueMs >= nowMs) return'],
    ['RL-D1', 'a turn may be granted long before its time', 'if (freeAtMs - nowMs > MAX_HOLD_MS) {', 'if (false) {'],
    [
      'RL-D2',
      'an urgent request moves nobody back',
      'line: { ...line, takenAtMs: freeAtMs }, turn: { seq, granted: true, atMs: nowMs }',
      'line, turn: { seq, granted: true, atMs: nowMs }',
    ],
    ['RL-D3', 'an urgent request waits for its turn', 'if (urgent) return', 'if (false) return'],
    ['RL-D4', 'a late number moves the front back', 'seq < line.frontSeq ? {} :', 'false ? {} :'],
    [
      'RL-D5',
      'an idle line goes on where it ended',
      'const front = isIdle ?',
      'const front = false ?',
      'A number that joins an idle line is due, and its turn moves the front to the same place.',
    ],
    ['RL-D6', 'two notifications that join get the same number', ', nextSeq: line.nextSeq + 1 };', ' };'],
    [
      'RL-D7',
      'a rate above the maximum is allowed',
      ', MIN_RATE_PER_SECOND), MAX_RATE_PER_SECOND)',
      ', MIN_RATE_PER_SECOND), Infinity)',
    ],
    [
      'RL-D8',
      'a rate of zero has an endless interval',
      'Math.max(ratePerSecond, MIN_RATE_PER_SECOND)',
      'ratePerSecond',
    ],
    [
      'RL-D9',
      'timers of a slow line are set seconds early',
      'Math.min(MAX_LEAD_MS, MAX_LEAD_INTERVALS',
      'Math.min(Infinity, MAX_LEAD_INTERVALS',
    ],
    [
      'RL-D10',
      'timers of a fast line are set many intervals early',
      'Math.min(MAX_LEAD_MS, MAX_LEAD_INTERVALS * intervalMs)',
      'MAX_LEAD_MS',
    ],
    [
      'RL-D11',
      'a number whose turn passed while it was late goes to the end',
      'frontSeq: seq, frontAtMs: freeAtMs };',
      'frontSeq: line.frontSeq, frontAtMs: freeAtMs };',
    ],
  ]),
  ...mutationsOf('src/domain/retry-schedule.ts', domain('retry-schedule'), [
    [
      'M91',
      'a Retry-After sooner than the step is honoured',
      'return Math.max(Math.round(waitSeconds * 1000) / 1000, Math',
      'return Math.max(0, Math',
    ],
    [
      'M92',
      'a Retry-After of more than a day is honoured',
      'Math.min(retryAfterSeconds, MAX_SCHEDULE_SECONDS)',
      'retryAfterSeconds',
    ],
    ['RS5', 'short waits have jitter', 'wait < EXACT_BELOW_SECONDS ? wait : ', ''],
    ['RS6', 'waits add up to more than a day', 'Math.min(MAX_JITTER, MAX_SCHEDULE_SECONDS / total - 1)', 'MAX_JITTER'],
  ]),
  ...mutationsOf('src/domain/retry-schedule.ts', domain('retry-schedule'), [
    ['RS1', 'a schedule may have any number of waits', 'schedule.length > MAX_RETRIES', 'false'],
    ['RS2', 'a wait of zero seconds is allowed', 'seconds < 1)', 'seconds < 0)'],
    ['RS3', 'a schedule of exactly a day is refused', '0) > MAX_SCHEDULE_SECONDS', '0) >= MAX_SCHEDULE_SECONDS'],
    ['RS4', 'the first wait is skipped', 'schedule[step - 1]', 'schedule[step]'],
  ]),
  ...mutationsOf('src/domain/ids.ts', domain('ids'), [
    ['ID1', 'ids of one millisecond are not in order', '    counter += 1;\n', ''],
    [
      'ID3',
      'an id of another kind is accepted',
      ' || !id.startsWith(`${kind}_`)) return undefined;',
      ') return undefined;',
    ],
    ['ID4', 'two texts mean the same id', 'if (index === start && held > 7) return undefined;', ''],
    ['ID5', 'an id with an unknown character is accepted', '    if (digit === NONE) return undefined;\n', ''],
  ]),
  ...mutationsOf('src/domain/signing.ts', domain('signing'), [
    ['SG1', 'only the newest secret signs', '...secrets.map((secret)', '...secrets.slice(0, 1).map((secret)'],
    ['SG2', 'the timestamp is not signed', '${message.timestampSeconds}.${message.body}', '${message.body}'],
    ['SG3', 'only the newest private key signs', '...privateKeys.map((', '...privateKeys.slice(0, 1).map(('],
    ['SG4', 'the text of a generated secret is the key', 'return secret.startsWith(SECRET_PREFIX)\n', 'return false\n'],
  ]),
  ...mutationsOf('src/domain/event-type-pattern.ts', domain('event-type-pattern'), [
    ['EP1', 'a star in the middle stands for several segments', "'.+' : '[^.]+'", "'.+' : '.+'"],
    ['EP2', 'a star at the end stands for one segment only', "'.+' : '[^.]+'", "'[^.]+' : '[^.]+'"],
    ['EP3', 'a pattern matches the start of a name', "join('|')})$`", "join('|')})`"],
  ]),
  ...mutationsOf('src/domain/url-pattern.ts', domain('url-pattern'), [
    ['UP1', 'a pattern for https matches http', 'if (target.protocol !== `${pattern.scheme}:`) return false;', ''],
    ['UP2', 'a pattern matches any port', 'portMatches(pattern.port, target.port) &&\n', 'true &&\n'],
    ['UP3', 'a pattern matches any path', 'pathMatches(pattern.pathPrefix, target.pathname)\n', 'true\n'],
    [
      'UP4',
      'a pattern for sub-domains matches every host',
      'return host.endsWith(pattern.slice(1)) &&',
      'return true &&',
    ],
  ]),
  ...mutationsOf('src/domain/query-arguments.ts', domain('query-arguments'), [
    ['QA1', 'a structure is passed where a text is expected', 'if (isStructure || ', 'if ('],
    ['QA2', 'a text of another type reaches Postgres', ' || !(SHAPES[argument.type]?.test(text) ?? true))', ')'],
    ['QA3', 'a field that an open schema allows counts as missing', 'return open || ', 'return '],
  ]),
  ...mutationsOf('src/domain/lossless-json.ts', domain('lossless-json'), [
    ['LJ1', 'a number inside a string is marked', "if (token === '\"') inString = !inString;", ''],
    [
      'LJ2',
      'members of the prototype are found',
      ' || !Object.hasOwn(value, name)) return undefined;',
      ') return undefined;',
    ],
  ]),
  ...mutationsOf('src/domain/sql-text.ts', domain('sql-text'), [
    [
      'SQ1',
      'a second statement is accepted',
      "if (ended) throw new SqlTextError('there is more than one statement', offset);",
      '',
    ],
    [
      'SQ2',
      'a parenthesis that was not opened is accepted',
      "if (token === ')' && --depth < 0) throw",
      "if (token === ')' && --depth < -99) throw",
    ],
    [
      'SQ3',
      'a statement that changes data is accepted',
      '/^(select|with)$/i',
      '/^(select|with|delete|update|insert)$/i',
    ],
    [
      'SQ4',
      'a comment ends with the first end inside it',
      "depth += match[0] === '/*' ? 1 : -1;",
      "depth = match[0] === '/*' ? 1 : 0;",
    ],
  ]),
];
