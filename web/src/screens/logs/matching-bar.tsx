import { Ban, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import type { NotificationStatus } from '../../api/types';
import { Button } from '../../ui/button';
import { useDryRun, type BulkFilter } from '../recoveries/bulk-recovery';
import { OPEN, UNDELIVERED } from '../shared/notification-status';
import styles from './bulk-bar.module.css';

/** The filters of the list of notifications. */
export interface ListFilters {
  status: string;
  type: string;
  customerId: string;
  subscriptionId: string;
  since?: string;
  until?: string;
}

/** The filter of a recovery, for those of the statuses that the list shows; null: for none. */
function bulkFilter(filters: ListFilters, statuses: readonly NotificationStatus[]): BulkFilter | null {
  const { status, type, customerId, subscriptionId, since, until } = filters;
  const shown = status === '' ? statuses : statuses.filter((each) => status.split(',').includes(each));
  if (shown.length === 0) return null;
  return {
    status: [...shown],
    ...(type && { type: [type] }),
    ...(customerId && { customerId }),
    ...(subscriptionId && { subscriptionId }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

/**
 * Offers all that match the filters, once all loaded rows are selected and there are more. Retrying
 * and cancelling them run on the server.
 */
export function MatchingBar({
  loaded,
  filters,
  onStart,
}: {
  loaded: number;
  filters: ListFilters;
  onStart(recovery: { action: 'retry' | 'cancel'; filter: BulkFilter }): void;
}) {
  const [selected, setSelected] = useState(false);
  const forRetry = bulkFilter(filters, UNDELIVERED);
  const forCancel = bulkFilter(filters, OPEN);
  const retries = useDryRun('retry', forRetry ?? {}, forRetry !== null);
  const cancels = useDryRun('cancel', forCancel ?? {}, forCancel !== null);
  const counts = { retry: retries.data?.count ?? 0, cancel: cancels.data?.count ?? 0 };
  const counting = (forRetry && retries.isPending) || (forCancel && cancels.isPending);
  const total = (counts.retry + counts.cancel).toLocaleString('en');
  const more = retries.data?.exceeded || cancels.data?.exceeded ? ' or more' : '';
  if (!counting && counts.retry + counts.cancel === 0) return null;
  return (
    <div className={styles.bar} role="region" aria-label="All that match">
      {selected ? (
        <>
          <strong className="num">
            {total}
            {more} that match are selected
          </strong>
          {forRetry && counts.retry > 0 && (
            <Button small icon={RotateCcw} onClick={() => onStart({ action: 'retry', filter: forRetry })}>
              Retry {counts.retry.toLocaleString('en')} that match…
            </Button>
          )}
          {forCancel && counts.cancel > 0 && (
            <Button small icon={Ban} onClick={() => onStart({ action: 'cancel', filter: forCancel })}>
              Cancel {counts.cancel.toLocaleString('en')} that match…
            </Button>
          )}
        </>
      ) : (
        <>
          <span>All {loaded.toLocaleString('en')} loaded are selected.</span>
          <Button small variant="ghost" busy={Boolean(counting)} onClick={() => setSelected(true)}>
            Select all {counting ? '' : `${total}${more} `}that match
          </Button>
        </>
      )}
    </div>
  );
}

/** Says why a search offers only what is loaded: a recovery cannot filter by its terms. */
export function SearchedBar({ loaded }: { loaded: number }) {
  return (
    <div className={styles.bar} role="region" aria-label="All that match">
      <span>
        All {loaded.toLocaleString('en')} loaded are selected. A search, the notifications of a recovery, and “Finished
        since” cannot be retried or cancelled beyond the loaded rows. Scroll to load more, or use the other filters.
      </span>
    </div>
  );
}
