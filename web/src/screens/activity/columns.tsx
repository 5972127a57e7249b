import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { CircleDot, Inbox, PauseCircle, PlayCircle, RotateCcw, type LucideIcon } from 'lucide-react';
import { formatJson } from '../../api/exact-json';
import type { Activity } from '../../api/types';
import { ResponseBadge, StatusBadge } from '../../ui/badge';
import type { Column } from '../../ui/column';
import { TimeCell } from '../../ui/time';
import { exactTime } from '../../ui/zone';
import { EndpointName } from '../shared/endpoint-name';
import styles from './activity.module.css';
import { KINDS, type Entry } from './feed';

const ICONS: Record<string, LucideIcon> = {
  'event.accepted': Inbox,
  'notification.held': PauseCircle,
  'notification.released': PlayCircle,
  'notification.reopened': RotateCcw,
};

/** @param onOpen - opens an entry from the keyboard; a click anywhere on the row does the same */
export function activityColumns(isCustomer: boolean, onOpen: (entry: Entry) => void): Column<Entry>[] {
  const columns: Column<Entry>[] = [
    {
      header: t`Activity`,
      width: 180,
      narrow: 150,
      cell: (entry) => <What entry={entry} onOpen={onOpen} />,
    },
    {
      header: t`Result`,
      width: 204,
      narrow: 112,
      cell: (entry) => 'activity' in entry && <Outcome activity={entry.activity} />,
    },
    {
      header: t`Event type`,
      grow: true,
      wide: true,
      cell: (entry) => (
        <>
          <span title={about(entry)}>{about(entry)}</span>
          {'activity' in entry && entry.activity.payload && <Payload payload={entry.activity.payload} />}
        </>
      ),
    },
    {
      header: t`Endpoint`,
      roomy: true,
      width: 140,
      cell: (entry) =>
        'activity' in entry && entry.activity.subscriptionId && <EndpointName id={entry.activity.subscriptionId} />,
    },
    {
      header: t`Customer`,
      roomy: true,
      width: 110,
      cell: (entry) =>
        'activity' in entry &&
        (entry.activity.customerId ?? (
          <span className="muted">
            <Trans>all</Trans>
          </span>
        )),
    },
    {
      header: t`Time`,
      width: 172,
      narrow: 92,
      cell: (entry) => <TimeCell at={'gap' in entry ? entry.gap.until : entry.activity.at} />,
    },
  ];
  // In a portal, every row is of the same customer.
  return isCustomer ? columns.filter(({ header }) => header !== t`Customer`) : columns;
}

const OMITTED = {
  'too-large': t`Larger than the feed shows. Open the event.`,
  expired: t`Removed, because its retention is over.`,
  withheld: t`Composed for each endpoint. Open a delivery.`,
};

/** The data of an accepted event on one line. The event's drawer shows it in full. */
function Payload({ payload: { data, omitted } }: { payload: NonNullable<Activity['payload']> }) {
  if (omitted) return <div className="muted truncate">{OMITTED[omitted]}</div>;
  const text = formatJson(data);
  return (
    <div className="truncate" title={text}>
      <code>{text}</code>
    </div>
  );
}

/** The event type, or the time range of a gap. */
function about(entry: Entry): string {
  if ('activity' in entry) return entry.activity.type;
  return t`${exactTime(entry.gap.from)} to ${exactTime(entry.gap.until)}: no longer in the live feed, see the logs`;
}

function What({ entry, onOpen }: { entry: Entry; onOpen: (entry: Entry) => void }) {
  const type = <span className={`muted truncate ${styles.narrow}`}>{about(entry)}</span>;
  if ('gap' in entry) {
    return (
      <div className={styles.what}>
        <strong>
          <Trans>Gap</Trans>
        </strong>
        {type}
      </div>
    );
  }
  const { kind, attempt } = entry.activity;
  const Icon = ICONS[kind] ?? CircleDot;
  return (
    <div className={styles.what}>
      <button type="button" className={`link-button ${styles.kind}`} onClick={() => onOpen(entry)}>
        <Icon size={15} aria-hidden />
        {attempt ? t`Attempt ${attempt.number}` : (KINDS[kind] ?? kind)}
      </button>
      {type}
    </div>
  );
}

function Outcome({ activity: { attempt, status } }: { activity: Activity }) {
  return (
    <span className="row-nowrap">
      {attempt && (
        <span className={styles.wide}>
          <ResponseBadge status={attempt.responseStatus} errorClass={attempt.errorClass} />
        </span>
      )}
      {status && <StatusBadge status={status} />}
    </span>
  );
}
