import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Link } from 'react-router';
import { usePermissions } from '../../../../api/session';
import { useRead } from '../../../../api/queries';
import type { Notification, Page, Series, Statistics, Subscription } from '../../../../api/types';
import { StatusBadge } from '../../../../ui/badge';
import { Id } from '../../../../ui/copy';
import { formatRate, toneOf } from '../../../../ui/figures';
import { Card, Fact, Facts, Tile } from '../../../../ui/page';
import { Empty, Loaded } from '../../../../ui/states';
import { Countdown, ExactTime, Time } from '../../../../ui/time';
import { CustomerName } from '../../../shared/customer-name';
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
      <Card title={t`Details`}>
        <div className="stack">
          <Facts>
            {subscription.description && <Fact name={t`Description`}>{subscription.description}</Fact>}
            {!isCustomer && (
              <Fact name={t`Customer`}>
                <CustomerName id={subscription.customerId} />
              </Fact>
            )}
            <Fact name={t`Product`}>
              {subscription.productId ?? (
                <span className="muted">
                  <Trans>same as the customer</Trans>
                </span>
              )}
            </Fact>
            <Fact name={t`Format`}>{FORMATS[subscription.format].title}</Fact>
            <Fact name={t`Verification`}>
              {subscription.verification.at ? (
                <>
                  <StatusBadge status={subscription.verification.status} /> <Time at={subscription.verification.at} />
                </>
              ) : (
                <span className="muted">
                  <Trans>no challenge run yet</Trans>
                </span>
              )}
            </Fact>
            <Fact name={t`ID`}>
              <Id id={subscription.id} />
            </Fact>
            <Fact name={t`Created`}>
              <ExactTime at={subscription.createdAt} />
            </Fact>
            <Fact name={t`Updated`}>
              <ExactTime at={subscription.modifiedAt} />
            </Fact>
          </Facts>
          <Facts>
            <Fact name={t`Event types`}>
              <Chips label={t`Event types`} items={subscription.eventTypes} />
            </Fact>
          </Facts>
        </div>
      </Card>
      <Card
        title={t`Latest deliveries`}
        actions={
          <Link to={`/endpoints/${subscription.id}?tab=notifications`}>
            <Trans>View all</Trans>
          </Link>
        }
      >
        <Loaded query={latest}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={t`No deliveries yet`}>
                <Trans>Trigger the endpoint to send a sample.</Trans>
              </Empty>
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
  const rate = total === 0 ? null : successes / total;
  const consecutiveFailures = statistics?.failuresSinceLastSuccess ?? 0;
  return (
    <div className="grid-tiles">
      <Tile
        name={t`Success rate, last 24 hours`}
        value={formatRate(rate)}
        sub={total > 0 ? t`${successes} of ${total} attempts` : t`no attempts`}
        tone={toneOf(rate)}
      />
      <Tile
        name={t`Consecutive failures`}
        value={statistics ? consecutiveFailures : '–'}
        sub={consecutiveFailures > 0 ? t`since the last success` : undefined}
        tone={consecutiveFailures > 0 ? 'bad' : undefined}
      />
      <Tile name={t`Last success`} value={statistics ? <Time at={statistics.lastSuccess?.at} /> : '–'} />
      <Tile
        name={t`Next attempt`}
        value={
          statistics?.nextTriggerAt ? (
            <Countdown inSentence until={statistics.nextTriggerAt} />
          ) : (
            <span className="muted">
              <Trans>none</Trans>
            </span>
          )
        }
      />
      {statistics && statistics.held > 0 && <HeldTile id={id} held={statistics.held} readAt={dataUpdatedAt} />}
    </div>
  );
}
