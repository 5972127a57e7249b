import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Ban, RotateCcw } from 'lucide-react';
import type { NotificationStatus } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { useDryRun, type BulkFilter } from '../recoveries/dry-run';
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
 * Offers all that match the filters and are not delivered, once all loaded rows are selected and
 * there are more. Retrying and cancelling them run on the server.
 */
export function MatchingBar({
  loaded,
  filters,
  selected,
  onSelect,
  onClear,
  onStart,
}: {
  loaded: number;
  filters: ListFilters;
  /** Whether all that match are selected, not only the loaded ones. */
  selected: boolean;
  onSelect(): void;
  onClear(): void;
  onStart(recovery: { action: 'retry' | 'cancel'; filter: BulkFilter }): void;
}) {
  const forRetry = bulkFilter(filters, UNDELIVERED);
  const forCancel = bulkFilter(filters, OPEN);
  const retries = useDryRun('retry', forRetry ?? {}, forRetry !== null);
  const cancels = useDryRun('cancel', forCancel ?? {}, forCancel !== null);
  const counts = { retry: retries.data?.count ?? 0, cancel: cancels.data?.count ?? 0 };
  const counting = (forRetry && retries.isPending) || (forCancel && cancels.isPending);
  const total = formatNumber(counts.retry + counts.cancel);
  const atLeast = retries.data?.exceeded || cancels.data?.exceeded;
  const count = atLeast ? t`${total} or more` : total;
  if (!counting && counts.retry + counts.cancel === 0) return null;
  return (
    <div className={styles.bar} role="region" aria-label={t`All that match`}>
      {selected ? (
        <>
          <strong className="num">
            <Trans>{count} undelivered that match are selected</Trans>
          </strong>
          {forRetry && counts.retry > 0 && (
            <Button small icon={RotateCcw} onClick={() => onStart({ action: 'retry', filter: forRetry })}>
              <Trans>Retry {formatNumber(counts.retry)} that match…</Trans>
            </Button>
          )}
          {forCancel && counts.cancel > 0 && (
            <Button small icon={Ban} onClick={() => onStart({ action: 'cancel', filter: forCancel })}>
              <Trans>Cancel {formatNumber(counts.cancel)} that match…</Trans>
            </Button>
          )}
          <Button small variant="ghost" onClick={onClear}>
            <Trans>Clear selection</Trans>
          </Button>
        </>
      ) : (
        <>
          <span>
            <Trans>All {formatNumber(loaded)} loaded are selected.</Trans>
          </span>
          <Button small variant="ghost" busy={Boolean(counting)} onClick={onSelect}>
            {counting ? t`Select all undelivered that match` : t`Select all ${count} undelivered that match`}
          </Button>
        </>
      )}
    </div>
  );
}

/** Says why a search offers only what is loaded: a recovery cannot filter by its terms. */
export function SearchedBar({ loaded }: { loaded: number }) {
  return (
    <div className={styles.bar} role="region" aria-label={t`All that match`}>
      <span>
        <Trans>
          All {formatNumber(loaded)} loaded are selected. A search, the notifications of a recovery, and “Finished
          since” cannot be retried or cancelled beyond the loaded rows. Scroll to load more, or use the other filters.
        </Trans>
      </span>
    </div>
  );
}
