import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Braces, Pause, Play, Radio, Unplug } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import { formatNumber } from '../../i18n/i18n';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { DataTable } from '../../ui/data-table';
import { FilterBar, FilterSelect, useDrawer, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { refusedFilters } from '../../ui/refused';
import { Empty } from '../../ui/states';
import { useLatest } from '../../ui/use-latest';
import { EventDrawer } from '../logs/event-drawer';
import { NotificationDrawer } from '../logs/notification-drawer';
import { CustomerFilter, EndpointFilter, TypeFilter } from '../shared/entity-filters';
import styles from './activity.module.css';
import { activityColumns } from './columns';
import { KINDS, MAX_ENTRIES, type Entry, type FeedState } from './feed';
import { Rate } from './rate';
import { useFeed } from './use-feed';

const NAMES = ['type', 'customerId', 'subscriptionId', 'kind'] as const;
const SHOWN = ['include'] as const;

/** The live feed of events, attempts and their results. */
export function ActivityScreen() {
  const { isCustomer } = usePermissions();
  const { values, set, active } = useFilters(...NAMES);
  const shown = useFilters(...SHOWN);
  const withPayload = shown.values.include === 'payload';
  const feed = useFeed({ ...values, ...shown.values });
  const { kind, ...filter } = values;
  // A stream does not say why it was refused. The list of notifications has the same filters.
  const check = useRead('/v1/notifications', { ...filter, limit: 1 }, { enabled: feed.state === 'lost' && active });
  const refused = refusedFilters(check.error).length > 0;
  const notification = useDrawer('open');
  const event = useDrawer('event');
  const open = useLatest((entry: Entry) => {
    if (!('activity' in entry)) return;
    const { notificationId, eventId } = entry.activity;
    if (notificationId) notification.show(notificationId);
    else event.show(eventId);
  });
  const [columns] = useState(() => activityColumns(isCustomer, open));
  const rows = useMemo(
    () => feed.entries.filter((entry) => !kind || 'gap' in entry || entry.activity.kind === kind),
    [feed.entries, kind],
  );
  return (
    <>
      <PageHead title={t`Activity`} />
      <FilterBar>
        <FilterSelect
          label={t`Activity type`}
          value={kind}
          onChange={(next) => set({ kind: next })}
          options={Object.entries(KINDS).map(([value, text]) => ({ value, text }))}
        />
        <TypeFilter value={values.type} onChange={(type) => set({ type })} />
        {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
        <EndpointFilter value={values.subscriptionId} onChange={(subscriptionId) => set({ subscriptionId })} />
      </FilterBar>
      <div className={styles.bar}>
        <Connection state={feed.state} paused={feed.paused} waiting={feed.waiting} />
        {feed.paused ? (
          <Button small variant="primary" icon={Play} onClick={feed.resume}>
            <Trans>Resume</Trans>
          </Button>
        ) : (
          <Button small icon={Pause} onClick={feed.pause}>
            <Trans>Pause</Trans>
          </Button>
        )}
        <Button
          small
          icon={Braces}
          aria-pressed={withPayload}
          onClick={() => shown.set({ include: withPayload ? '' : 'payload' })}
        >
          <Trans>Payloads</Trans>
        </Button>
        <Rate entries={feed.entries} kind={values.subscriptionId ? 'attempt.finished' : 'event.accepted'} />
      </div>
      <Card flush>
        <DataTable
          label={t`Activity`}
          list={refused ? asList([], check.error) : asList(rows)}
          columns={columns}
          rowId={({ key }) => String(key)}
          onOpen={open}
          empty={
            <Empty icon={Radio} title={active ? t`No matching activity yet` : t`No activity yet`}>
              <Trans>
                New activity appears here as it happens: accepted events, attempts and their results. Earlier activity
                is in the logs.
              </Trans>
            </Empty>
          }
        />
      </Card>
      <NotificationDrawer id={notification.id} onClose={notification.close} />
      <EventDrawer id={event.id} onClose={event.close} />
    </>
  );
}

function Connection({ state, paused, waiting }: Pick<FeedState, 'state' | 'paused' | 'waiting'>) {
  return (
    <span role="status">
      {state === 'lost' ? (
        <Badge tone="bad" icon={Unplug}>
          <Trans>Disconnected. Reconnecting…</Trans>
        </Badge>
      ) : paused ? (
        <Badge tone="warn" icon={Pause}>
          <Trans>Paused, {waiting >= MAX_ENTRIES ? t`${formatNumber(MAX_ENTRIES)} or more` : waiting} waiting</Trans>
        </Badge>
      ) : state === 'connecting' ? (
        <Badge icon={Radio}>
          <Trans>Connecting…</Trans>
        </Badge>
      ) : (
        <Badge tone="ok" icon={Radio}>
          <Trans>Live</Trans>
        </Badge>
      )}
    </span>
  );
}

/** Adapts the entries to `DataTable`. They are all in memory, so there is nothing to load. */
const asList = (rows: Entry[], error: unknown = null) => ({
  rows,
  error,
  isPending: false,
  isPlaceholderData: false,
  hasNextPage: false,
  isFetchingNextPage: false,
  fetchNextPage: () => undefined,
  refetch: () => undefined,
});
