import type { ColumnDef } from '@tanstack/react-table';
import { CircleDot, Inbox, PauseCircle, PlayCircle, RotateCcw, type LucideIcon } from 'lucide-react';
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

/** The columns of the feed. @param onOpen - for the keyboard; a click anywhere on the row does the same */
export function activityColumns(onOpen: (entry: Entry) => void): ColumnDef<Entry>[] {
  return [
    {
      header: 'What',
      cell: ({ row: { original } }) =>
        'gap' in original ? (
          <strong>Not told of</strong>
        ) : (
          <button type="button" className={`link-button ${styles.what}`} onClick={() => onOpen(original)}>
            <KindIcon kind={original.activity.kind} />
            {original.activity.attempt
              ? `Attempt ${original.activity.attempt.number}`
              : (KINDS[original.activity.kind] ?? original.activity.kind)}
          </button>
        ),
    },
    {
      header: 'Outcome',
      cell: ({ row: { original } }) => 'activity' in original && <Outcome activity={original.activity} />,
    },
    {
      header: 'Event type',
      meta: { grow: true },
      cell: ({ row: { original } }) =>
        'gap' in original ? (
          <span title={`${utc(original.gap.from)} to ${utc(original.gap.until)}`}>
            what happened from {utc(original.gap.from)} to {utc(original.gap.until)}: too long ago
          </span>
        ) : (
          <span title={original.activity.type}>{original.activity.type}</span>
        ),
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
      header: 'When',
      cell: ({ row: { original } }) => <Time at={'gap' in original ? original.gap.until : original.activity.at} />,
    },
  ];
}

function KindIcon({ kind }: { kind: string }) {
  const Icon = ICONS[kind] ?? CircleDot;
  return <Icon size={15} aria-hidden />;
}

function Outcome({ activity: { attempt, status } }: { activity: Extract<Entry, { activity: unknown }>['activity'] }) {
  return (
    <span className="row-nowrap">
      {attempt && <ResponseBadge status={attempt.responseStatus} errorClass={attempt.errorClass} />}
      {status && <StatusBadge status={status} />}
    </span>
  );
}
