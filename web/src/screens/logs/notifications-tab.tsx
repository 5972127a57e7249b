import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { ArrowUp } from 'lucide-react';
import { Suspense, useMemo, useState, type ComponentProps } from 'react';
import { formatJson } from '../../api/exact-json';
import { useList } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Notification } from '../../api/types';
import { ListTools } from '../../lists/list-tools';
import { useColumns } from '../../lists/use-columns';
import { Button } from '../../ui/button';
import type { Selection } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import { useDrawer, useFilters } from '../../ui/filters';
import { Card } from '../../ui/page';
import { Empty, NoMatch } from '../../ui/states';
import { neighboursOf } from '../../ui/neighbours';
import { lazyInBackground } from '../../ui/prefetch';
import { usePeriod } from '../shared/period-filter';
import { useStableRows } from '../shared/use-stable-rows';
import { BulkBar } from './bulk-bar';
import styles from './bulk-bar.module.css';
import { MatchingBar, SearchedBar } from './matching-bar';
import { notificationColumns } from './columns';
import { NotificationDrawer } from './notification-drawer';
import { FILTERS, NotificationFilters } from './notification-filters';

const BulkRecovery = lazyInBackground(async () => ({
  default: (await import('../recoveries/bulk-recovery')).BulkRecovery,
}));

const NONE: Notification[] = [];
const REFRESH_MS = 3000;
/** A refetch reads every loaded page again, so a list longer than this is no longer polled. */
const REFRESH_UP_TO = 150;

/** Of an exported file. */
const FIELDS = [
  'id',
  'status',
  'eventType',
  'eventId',
  'customerId',
  'productId',
  'subscriptionId',
  'attemptCount',
  'lastResponseStatus',
  'lastError',
  'createdAt',
  'nextAttemptAt',
  'deliveredAt',
  'finishedAt',
  'workflowId',
] as const satisfies (keyof Notification)[];

/** The notification list, with a drawer for one notification. */
export function NotificationsTab() {
  const { isCustomer, manageEndpoints } = usePermissions();
  const filters = useFilters(...FILTERS);
  const drawer = useDrawer('open');
  const { period, since, until, ...query } = filters.values;
  const span = usePeriod({ period, since, until });
  const [loaded, setLoaded] = useState(0);
  const list = useList<Notification>(
    '/v1/notifications',
    { ...query, ...span },
    { refetchMs: loaded > REFRESH_UP_TO ? undefined : REFRESH_MS },
  );
  if (list.rows.length !== loaded) setLoaded(list.rows.length);

  const [selection, setSelection] = useState<Selection>({});
  const [recovery, setRecovery] = useState<Pick<ComponentProps<typeof BulkRecovery>, 'action' | 'filter'>>();
  const selected = list.rows.filter(({ id }) => selection[id]);
  // What a search finds is selected row by row: a recovery cannot filter by these.
  const searched = query.q !== '' || query.recoveryId !== '' || query.finishedSince !== '';
  const view = formatJson(filters.values);
  const { shown, newer, showNewer } = useStableRows(list.rows, view, selected.length > 0 || drawer.id !== null);
  const offersMatching = manageEndpoints && list.hasNextPage && selected.length > 0 && selected.length === shown.length;
  /** The filters all of whose notifications are selected, beyond the loaded ones. */
  const [matching, setMatching] = useState<string>();
  const allMatch = offersMatching && !searched && matching === view;
  if (matching !== undefined && !allMatch) setMatching(undefined);
  const all = useMemo(() => notificationColumns(isCustomer, drawer.show), [isCustomer, drawer.show]);
  const { columns, choice } = useColumns('notifications', all);

  return (
    <>
      <NotificationFilters filters={filters}>
        <ListTools
          list="notifications"
          columns={choice}
          source={{ path: '/v1/notifications', query: { ...query, ...span }, fields: FIELDS }}
        />
      </NotificationFilters>
      {newer > 0 && (
        <p role="status">
          <Button
            small
            icon={ArrowUp}
            onClick={() => {
              showNewer();
              window.scrollTo({ top: 0 });
            }}
          >
            <Trans>Show {newer} new</Trans>
          </Button>
        </p>
      )}
      <div className={styles.bars}>
        {manageEndpoints && <BulkBar selected={allMatch ? NONE : selected} onDone={() => setSelection({})} />}
        {offersMatching && searched && <SearchedBar loaded={shown.length} />}
        {offersMatching && !searched && (
          <MatchingBar
            key={view}
            loaded={shown.length}
            filters={{ ...query, ...span }}
            selected={allMatch}
            onSelect={() => setMatching(view)}
            onClear={() => setSelection({})}
            onStart={setRecovery}
          />
        )}
      </div>
      <Card flush>
        <DataTable
          label={t`Notifications`}
          list={{ ...list, rows: shown }}
          columns={columns}
          rowId={({ id }) => id}
          onOpen={({ id }) => drawer.show(id)}
          selection={manageEndpoints ? selection : undefined}
          onSelection={manageEndpoints ? setSelection : undefined}
          empty={
            filters.active ? (
              <NoMatch title={t`No notifications match these filters`} onClear={filters.clear} />
            ) : (
              <Empty title={t`No notifications yet`}>
                <Trans>Each event creates one notification per matching endpoint.</Trans>
              </Empty>
            )
          }
        />
      </Card>
      {/* Outside the bar: retried rows leave the list, and so the selection, while it runs. */}
      {recovery && (
        <Suspense>
          <BulkRecovery
            {...recovery}
            onClose={(done) => {
              setRecovery(undefined);
              if (done) setSelection({});
            }}
          />
        </Suspense>
      )}
      <NotificationDrawer
        id={drawer.id}
        onClose={drawer.close}
        neighbours={neighboursOf(shown, drawer, ({ id }) => id)}
      />
    </>
  );
}
