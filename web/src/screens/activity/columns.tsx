import type { ColumnDef } from '@tanstack/react-table';
import { CircleDot, Inbox, PauseCircle, PlayCircle, RotateCcw, type LucideIcon } from 'lucide-react';
import type { Activity } from '../../api/types';
import { ResponseBadge, StatusBadge } from '../../ui/badge';
import { Time, utc } from '../../ui/time';
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
export function activityColumns(onOpen: (entry: Entry) => void): ColumnDef<Entry>[] {
  return [
    { header: 'Activity', cell: ({ row: { original } }) => <What entry={original} onOpen={onOpen} /> },
    {
      header: 'Result',
      cell: ({ row: { original } }) => 'activity' in original && <Outcome activity={original.activity} />,
    },
    {
      header: 'Event type',
      meta: { grow: true, wide: true },
      cell: ({ row: { original } }) => <span title={about(original)}>{about(original)}</span>,
    },
    {
      header: 'Endpoint',
      meta: { wide: true },
      cell: ({ row: { original } }) =>
        'activity' in original &&
        original.activity.subscriptionId && <EndpointName id={original.activity.subscriptionId} />,
    },
    {
      header: 'Customer',
      meta: { wide: true },
      cell: ({ row: { original } }) =>
        'activity' in original && (original.activity.customerId ?? <span className="muted">all</span>),
    },
    {
      header: 'Time',
      cell: ({ row: { original } }) => <Time at={'gap' in original ? original.gap.until : original.activity.at} />,
    },
  ];
}

/** The event type, or the time range of a gap. */
function about(entry: Entry): string {
  if ('activity' in entry) return entry.activity.type;
  return `${utc(entry.gap.from)} to ${utc(entry.gap.until)}: no longer in the live feed, see the logs`;
}

function What({ entry, onOpen }: { entry: Entry; onOpen: (entry: Entry) => void }) {
  const type = <span className={`muted truncate ${styles.narrow}`}>{about(entry)}</span>;
  if ('gap' in entry) {
    return (
      <div className={styles.what}>
        <strong>Gap</strong>
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
        {attempt ? `Attempt ${attempt.number}` : (KINDS[kind] ?? kind)}
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
