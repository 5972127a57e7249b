-- Up Migration

set local lock_timeout = '2s';

-- Operational events that wait to be published. A row is written in the commit of the change that
-- it reports, so a crash loses none. `key` says what the change is: while it waits, the same change
-- again is not a second event.
create table operational_outbox (
  key text primary key,
  type text not null,
  -- Null: the event is about the whole installation.
  subscription_id uuid,
  -- False until the publisher has compared it with what was reported.
  is_news boolean not null default true,
  facts json not null,
  raised_at timestamptz not null default now()
);
create index operational_outbox_raised on operational_outbox (type, raised_at);

-- What operational events last reported, by kind: `failing`, `exhausted` or `backlog`. The nil UUID
-- stands for the installation. There is a row only while a state lasts, and shortly after.
create table operational_states (
  kind text not null,
  subscription_id uuid not null,
  -- `failing`: percentage of the out-of-order rule; 100 is out of order. Otherwise 1. 0: over.
  level smallint not null,
  period bigint not null default 0,
  -- The last success when it was reported. A later one ends the state.
  success_attempt_id uuid,
  changed_at timestamptz not null default now(),
  primary key (kind, subscription_id)
);

-- How many events of a type were published in a minute.
create table operational_pace (
  type text primary key,
  minute timestamptz not null,
  published integer not null
);

-- An existing type with one of these names is kept. Changed schemas get a new version, so that the
-- cached ones are not used again.
update event_types set
  description = 'Signpost disabled a subscription automatically: its receiver answered 410, or nothing was delivered to it for too long. Its notifications are held until it is enabled.',
  schema = '{"type":"object","required":["subscriptionId","customerId","name","reason","at","failuresSinceLastSuccess"],"properties":{"subscriptionId":{"type":"string"},"customerId":{"type":"string"},"name":{"type":"string","description":"Name of the subscription."},"reason":{"type":"string"},"at":{"type":"string","format":"date-time"},"failuresSinceLastSuccess":{"type":"integer"},"alsoAffected":{"type":"integer","description":"Further subscriptions that were disabled at about this time and get no event of their own."}}}',
  sample = '{"subscriptionId":"sub_01m83z393me01aqe5h2137m1gt","customerId":"customer1","name":"payments","reason":"the receiver answered 410 Gone","at":"2026-01-31T12:00:00.000Z","failuresSinceLastSuccess":1,"alsoAffected":0}',
  version = version + 1
where name = 'signpost.subscription.out-of-order.v1' and product_id = 'signpost';

insert into event_types (name, product_id, description, schema, sample) values
(
  'signpost.subscription.failing.v1',
  'signpost',
  'Deliveries to a subscription keep failing. Raised once at each configured percentage of its out-of-order rule.',
  '{"type":"object","required":["subscriptionId","customerId","name","percent","failures","failingSince","rule","at","alsoAffected"],"properties":{"subscriptionId":{"type":"string"},"customerId":{"type":"string"},"name":{"type":"string","description":"Name of the subscription."},"percent":{"type":"integer","minimum":1,"maximum":99,"description":"How much of the out-of-order rule is fulfilled: the highest configured percentage that was reached."},"failures":{"type":"integer","description":"Failures that count for the rule."},"failingSince":{"type":"string","format":"date-time","description":"The first failure that counts."},"rule":{"type":"object","required":["afterSeconds","minFailures"],"properties":{"afterSeconds":{"type":"integer"},"minFailures":{"type":"integer"}}},"at":{"type":"string","format":"date-time"},"alsoAffected":{"type":"integer","description":"Further subscriptions that turned at about this time and get no event of their own."}}}',
  '{"subscriptionId":"sub_01m83z393me01aqe5h2137m1gt","customerId":"customer1","name":"payments","percent":50,"failures":31,"failingSince":"2026-01-29T00:00:00.000Z","rule":{"afterSeconds":432000,"minFailures":10},"at":"2026-01-31T12:00:00.000Z","alsoAffected":0}'
),
(
  'signpost.subscription.recovered.v1',
  'signpost',
  'A subscription that was reported as failing or out of order has received a delivery again.',
  '{"type":"object","required":["subscriptionId","customerId","name","was","percent","at","alsoAffected"],"properties":{"subscriptionId":{"type":"string"},"customerId":{"type":"string"},"name":{"type":"string","description":"Name of the subscription."},"was":{"enum":["failing","out-of-order"],"description":"What was reported last."},"percent":{"type":"integer","minimum":1,"maximum":100,"description":"The percentage of the out-of-order rule that was reported last; 100 if it was out of order."},"at":{"type":"string","format":"date-time"},"alsoAffected":{"type":"integer","description":"Further subscriptions that recovered at about this time and get no event of their own."}}}',
  '{"subscriptionId":"sub_01m83z393me01aqe5h2137m1gt","customerId":"customer1","name":"payments","was":"failing","percent":70,"at":"2026-01-31T12:00:00.000Z","alsoAffected":0}'
),
(
  'signpost.notification.exhausted.v1',
  'signpost',
  'A notification failed for good: its retry schedule is exhausted, or the failure is permanent. Raised for the first one of a subscription, and again only after a delivery succeeded.',
  '{"type":"object","required":["subscriptionId","customerId","name","notificationId","attempts","reason","at","alsoAffected"],"properties":{"subscriptionId":{"type":"string"},"customerId":{"type":"string"},"name":{"type":"string","description":"Name of the subscription."},"notificationId":{"type":"string"},"attempts":{"type":"integer"},"reason":{"type":"string","description":"Error of the last attempt."},"at":{"type":"string","format":"date-time"},"alsoAffected":{"type":"integer","description":"Further subscriptions with a failed notification at about this time that get no event of their own."}}}',
  '{"subscriptionId":"sub_01m83z393me01aqe5h2137m1gt","customerId":"customer1","name":"payments","notificationId":"ntf_01m83z393me01aqe5h2137m1gt","attempts":5,"reason":"HTTP 500","at":"2026-01-31T12:00:00.000Z","alsoAffected":0}'
),
(
  'signpost.secret.revealed.v1',
  'signpost',
  'Somebody read the signing secret of a subscription, by the API or by a secret link.',
  '{"type":"object","required":["subscriptionId","customerId","name","by","how","at","alsoAffected"],"properties":{"subscriptionId":{"type":"string"},"customerId":{"type":"string"},"name":{"type":"string","description":"Name of the subscription."},"by":{"type":"object","required":["id","name"],"description":"The caller, as in the audit log.","properties":{"id":{"type":"string"},"name":{"type":"string"}}},"how":{"enum":["api","link"],"description":"By the API, which the web UI uses, or by a secret link."},"at":{"type":"string","format":"date-time"},"alsoAffected":{"type":"integer","description":"Further reveals at about this time that get no event of their own. The audit log has them."}}}',
  '{"subscriptionId":"sub_01m83z393me01aqe5h2137m1gt","customerId":"customer1","name":"payments","by":{"id":"key_01m83z393me01aqe5h2137m1gt","name":"support"},"how":"api","at":"2026-01-31T12:00:00.000Z","alsoAffected":0}'
),
(
  'signpost.backlog.high.v1',
  'signpost',
  'Many notifications wait for their first attempt. Raised when their number reaches the threshold, and again only after it fell to half of it.',
  '{"type":"object","required":["pending","threshold","oldestPendingAt","at"],"properties":{"pending":{"type":"integer","description":"Notifications that wait for their first attempt."},"threshold":{"type":"integer"},"oldestPendingAt":{"type":["string","null"],"format":"date-time","description":"When the oldest of them was accepted or reopened."},"at":{"type":"string","format":"date-time"}}}',
  '{"pending":12345,"threshold":10000,"oldestPendingAt":"2026-01-31T11:50:00.000Z","at":"2026-01-31T12:00:00.000Z"}'
)
on conflict do nothing;
