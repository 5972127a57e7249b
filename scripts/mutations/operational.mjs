/** Mutations of operational events: raising, publishing and forgetting them. */
import { mutationsOf } from '../mutation.mjs';

const OPERATIONAL = 'src/store/operational/';
const EVENTS_TEST = ['operational-events', 'publishing', 'backlog'].map(
  (name) => `test/store/operational/${name}.test.ts`,
);
const SCOPE_TEST = ['test/store/operational/followers.test.ts'];

export default [
  ...mutationsOf(`${OPERATIONAL}accept.ts`, SCOPE_TEST, [
    [
      'OE4',
      'a customer who follows all events learns about other customers',
      'on coalesce(s.product_id, s.customer_product_id) = r.owner\n    and',
      'on',
    ],
    ['OE5', 'an archived type is published', ' where not e.archived', ' where true'],
    ['OE6', 'events of a disabled product are published', ' and p.enabled', ''],
    [
      'OE7',
      'a pattern follows nothing',
      '(r.type = any (s.event_types) or r.type ~ s.event_type_regex)',
      'r.type = any (s.event_types)',
    ],
    ['OE8', 'a workflow is started for what is held', "row.status === 'pending' ? [toRef(row)] : []", '[toRef(row)]'],
  ]),
  ...mutationsOf(`${OPERATIONAL}publish.ts`, EVENTS_TEST, [
    [
      'OE30',
      'a failure does not wait for what covers it',
      ' and q.raised_at <= now() - make_interval(secs => ${COVERED_WITHIN_SECONDS})',
      '',
    ],
    [
      'OE9',
      'what nobody follows stays in the outbox',
      'delete from operational_outbox q where q.type <> all ($1)\n             or q.subscription_id',
      'delete from operational_outbox q where $1::text[] is null\n             or q.subscription_id',
    ],
    [
      'OE10',
      'each failed notification is reported',
      'o.success_attempt_id is distinct from excluded.success_attempt_id and o',
      'o',
    ],
    [
      'OE11',
      'a notification that failed after a delivery is reported within the quiet time',
      ' and o.changed_at <= now() - make_interval(secs => $2)\n',
      ' and $2::int is not null\n',
    ],
    ['OE12', 'a failed notification is reported beside its subscription', 's.out_of_order_at is not null or ', ''],
    [
      'OE13',
      'each publication has the events of a whole minute',
      'case when p.minute = excluded.minute then p.published else 0 end',
      '0',
    ],
    [
      'OE14',
      'the events of earlier minutes count for ever',
      'case when p.minute = excluded.minute then p.published else 0 end',
      'p.published',
    ],
    ['OE15', 'the last event of a minute does not count the others', 'if (taken.length === left)', 'if (false)'],
    [
      'OE16',
      'the newest are published first',
      'is_news order by raised_at, key limit',
      'is_news order by raised_at desc, key limit',
    ],
  ]),
  ...mutationsOf(`${OPERATIONAL}raising.ts`, EVENTS_TEST, [
    [
      'OE17',
      'failures of an earlier configuration are reported',
      's.deleted_at is null and t.period = s.failure_period and t.period_failures > 0',
      's.deleted_at is null and t.period_failures > 0',
    ],
    [
      'OE18',
      'a delivery from before the failures counts as a recovery',
      '\n               and t.last_success_attempt_id is distinct from o.success_attempt_id',
      '',
    ],
    [
      'OE19',
      'a recovery is reported again and again',
      "o.kind = 'failing' and o.level > 0 and",
      "o.kind = 'failing' and",
    ],
    [
      'OE20',
      'a changed receiver counts as recovered',
      't.period = s.failure_period and t.period_success_at',
      't.period_success_at',
    ],
    ['OE27', 'a receiver recovers by a delivery of before its change', ' and t.period_success_at is not null', ''],
    ['OE21', 'a failed operational event raises another one', "where f.product_id <> '${OWN_PRODUCT}'", 'where true'],
  ]),
  ...mutationsOf(`${OPERATIONAL}states.ts`, EVENTS_TEST, [
    [
      'OE22',
      'a backlog at its threshold is reported again and again',
      'if (!isHigh && count > backlogNotifications / 2) return;',
      '',
    ],
    ['OE23', 'a backlog that stays high is reported again', 'where o.level = 0 and o.changed_at', 'where o.changed_at'],
    [
      'OE24',
      'a backlog is reported again within the quiet time',
      ' and o.changed_at <= now() - make_interval(secs => $2)\n           returning',
      ' and $2::int is not null\n           returning',
    ],
    ['OE25', 'the state of the backlog is forgotten while it is high', "where o.kind <> 'backlog' and (", 'where ('],
    ['OE26', 'the state of a failing subscription is forgotten', '(o.level = 0 or o.kind', '(true or o.kind'],
  ]),
];
