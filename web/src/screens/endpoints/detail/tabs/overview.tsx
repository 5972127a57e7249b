import { Link } from 'react-router';
import { usePermissions } from '../../../../api/session';
import { useRead } from '../../../../api/queries';
import type { Notification, Page, Series, Statistics, Subscription } from '../../../../api/types';
import { StatusBadge } from '../../../../ui/badge';
import { Id } from '../../../../ui/copy';
import { Card, Fact, Facts, Tile } from '../../../../ui/page';
import { Empty, Loaded } from '../../../../ui/states';
import { Countdown, ExactTime, Time } from '../../../../ui/time';
import { Chips } from '../../shared/chips';
import { FORMATS } from '../../shared/formats';
import { HeldTile } from '../held-tile';
import { NotificationRow } from '../notification-row';

const LATEST = 8;
const REFRESH_MS = 5000;

export function OverviewTab({ subscription }: { subscription: Subscription }) {
  const { isCustomer } = usePermissions();
  const path = `/v1/subscriptions/${subscription.id}`;
  const latest = useRead<Page<Notification>>(
    `${path}/notifications`,
    { limit: LATEST },
    { refetchInterval: REFRESH_MS },
  );
  return (
    <div className="stack">
      <HealthTiles subscription={subscription} />
      <Card title="Details">
        <div className="stack">
          <Facts>
            {subscription.description && <Fact name="Description">{subscription.description}</Fact>}
            {!isCustomer && (
              <Fact name="Customer">
                <Link to={`/customers/${encodeURIComponent(subscription.customerId)}`}>{subscription.customerId}</Link>
              </Fact>
            )}
            <Fact name="Product">{subscription.productId ?? <span className="muted">same as the customer</span>}</Fact>
            <Fact name="Format">{FORMATS[subscription.format].title}</Fact>
            <Fact name="Verification">
              {subscription.verification.at ? (
                <>
                  <StatusBadge status={subscription.verification.status} /> <Time at={subscription.verification.at} />
                </>
              ) : (
                <span className="muted">no challenge run yet</span>
              )}
            </Fact>
            <Fact name="ID">
              <Id id={subscription.id} />
            </Fact>
            <Fact name="Created">
              <ExactTime at={subscription.createdAt} />
            </Fact>
            <Fact name="Updated">
              <ExactTime at={subscription.modifiedAt} />
            </Fact>
          </Facts>
          <Facts>
            <Fact name="Event types">
              <Chips label="Event types" items={subscription.eventTypes} />
            </Fact>
          </Facts>
        </div>
      </Card>
      <Card
        title="Latest deliveries"
        actions={<Link to={`/endpoints/${subscription.id}?tab=notifications`}>View all</Link>}
      >
        <Loaded query={latest}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No deliveries yet">Trigger the endpoint to send a sample.</Empty>
            ) : (
              <ul>
                {items.map((notification) => (
                  <NotificationRow key={notification.id} notification={notification} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

function HealthTiles({ subscription: { id } }: { subscription: Subscription }) {
  const day = useRead<Series>(
    `/v1/subscriptions/${id}/series`,
    { window: 'day' },
    { refetchInterval: REFRESH_MS },
  ).data;
  const { data: statistics, dataUpdatedAt } = useRead<Statistics>(
    `/v1/subscriptions/${id}/statistics`,
    {},
    { refetchInterval: REFRESH_MS },
  );
  const successes = day?.buckets.reduce((sum, bucket) => sum + bucket.successes, 0) ?? 0;
  const failures = day?.buckets.reduce((sum, bucket) => sum + bucket.failures, 0) ?? 0;
  const total = successes + failures;
  const consecutiveFailures = statistics?.failuresSinceLastSuccess ?? 0;
  return (
    <div className="grid-tiles">
      <Tile
        name="Success rate, last 24 hours"
        value={total > 0 ? `${percent(successes / total)} %` : '–'}
        sub={total > 0 ? `${successes} of ${total} attempts` : 'no attempts'}
        tone={total === 0 ? undefined : failures === 0 ? 'ok' : successes < failures ? 'bad' : 'warn'}
      />
      <Tile
        name="Consecutive failures"
        value={statistics ? consecutiveFailures : '–'}
        sub={consecutiveFailures > 0 ? 'since the last success' : undefined}
        tone={consecutiveFailures > 0 ? 'bad' : undefined}
      />
      <Tile name="Last success" value={statistics ? <Time at={statistics.lastSuccess?.at} /> : '–'} />
      <Tile
        name="Next attempt"
        value={statistics?.nextTriggerAt ? <Countdown until={statistics.nextTriggerAt} /> : 'none scheduled'}
      />
      {statistics && statistics.held > 0 && <HeldTile id={id} held={statistics.held} readAt={dataUpdatedAt} />}
    </div>
  );
}

/** Rounds down, so that it is never 100 if something failed. */
function percent(rate: number): string {
  return rate === 1 ? '100' : (Math.floor(rate * 1000) / 10).toFixed(1);
}
