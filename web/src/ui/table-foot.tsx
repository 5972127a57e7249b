import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { ArrowUp, RefreshCw } from 'lucide-react';
import { Button } from './button';
import { formatDuration, useNow } from './time';
import { shortTime, todayTime, useZone } from './zone';

/** How long a time of day is enough. */
const CLOCK_FOR_MS = 12 * 3_600_000;

export interface Footed {
  error: unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isRefetching?: boolean;
  /** When the list was read, in milliseconds; absent for a list that is pushed. */
  dataUpdatedAt?: number;
  /** Of a list too long to be read again as a whole: when its oldest row was read. */
  asOf?: number;
  /** How many of the first rows are newer than that. */
  polled?: number;
  /** How many new rows are withheld, */
  newer?: number;
  /** or more than that, if this is not 0. */
  missing?: number;
  showNewer?(): void;
  refetch(): unknown;
}

/** Below a table, and at the edge of the window while there are more rows below that. */
export function TableFoot({ list, count }: { list: Footed; count: number }) {
  const { error, hasNextPage, isFetchingNextPage, asOf, newer = 0 } = list;
  /** Whether it says more than how long the list is. */
  const hasMore = hasNextPage || asOf !== undefined || newer > 0 || Boolean(error);
  const announced = list.missing ? `${newer}+` : newer;
  return (
    <div className={hasMore ? 'table-foot table-foot-stays' : 'table-foot'}>
      <span aria-live="polite">
        {error ? (
          <>
            <Trans>
              {count} loaded. Could not read the list.{' '}
              <Button small onClick={() => void list.refetch()}>
                Try again
              </Button>
            </Trans>
          </>
        ) : isFetchingNextPage ? (
          t`Loading more…`
        ) : hasNextPage ? (
          t`${count} loaded, scroll for more`
        ) : (
          t`${count} total`
        )}
      </span>
      {asOf !== undefined ? (
        <AsOf at={asOf} polled={list.polled} />
      ) : list.dataUpdatedAt ? (
        <Updated at={list.dataUpdatedAt} />
      ) : // 0 while rows of another filter are shown.
      null}
      {asOf !== undefined && (
        <Button
          small
          icon={RefreshCw}
          busy={list.isRefetching && !isFetchingNextPage}
          onClick={() => void list.refetch()}
        >
          <Trans>Refresh</Trans>
        </Button>
      )}
      <span role="status">
        {newer > 0 && (
          <Button small icon={ArrowUp} onClick={list.showNewer}>
            <Trans>Show {announced} new</Trans>
          </Button>
        )}
      </span>
    </div>
  );
}

/** How old the list is. */
function Updated({ at }: { at: number }) {
  const seconds = Math.round((useNow() - at) / 1000);
  return <span>{seconds < 1 ? t`updated now` : t`updated ${formatDuration(seconds)} ago`}</span>;
}

function AsOf({ at, polled }: { at: number; polled: number | undefined }) {
  useZone();
  const time = Date.now() - at < CLOCK_FOR_MS ? todayTime(at) : shortTime(at);
  return <span>{polled ? t`Rows after the first ${polled} are as of ${time}` : t`Rows are as of ${time}`}</span>;
}
