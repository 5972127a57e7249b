import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { usePermissions } from '../../api/session';
import type { Overview } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { StatusBadge } from '../../ui/badge';
import { FigureTable, type FigureColumn } from '../../ui/figure-table';
import { ResponseTime } from '../../ui/figures';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';

type Failing = Overview['worst'][number];
type Slow = Overview['slowest'][number];

/** The endpoints with the most failed attempts. */
export function MostFailing({ overview: { worst } }: { overview: Overview }) {
  return (
    <Ranking
      title={t`Most failing endpoints`}
      rows={worst}
      pageOf={({ subscriptionId }) => `/endpoints/${subscriptionId}`}
      figures={FAILURES}
      empty={
        <Empty title={t`No failed attempts`}>
          <Trans>Endpoints appear here when their deliveries fail.</Trans>
        </Empty>
      }
    />
  );
}

/** The endpoints with the longest response times over the last day. */
export function Slowest({ overview: { slowest } }: { overview: Overview }) {
  return (
    <Ranking
      title={t`Slowest endpoints, last 24 hours`}
      rows={slowest}
      pageOf={({ subscriptionId }) => `/endpoints/${subscriptionId}?tab=statistics`}
      figures={TIMES}
      actions={
        <Link to="/endpoints?sort=-p95">
          <Trans>All endpoints by p95</Trans>
        </Link>
      }
      empty={
        <Empty title={t`No attempts yet`}>
          <Trans>Endpoints appear here about a minute after their first delivery.</Trans>
        </Empty>
      }
    />
  );
}

const FAILURES: FigureColumn<Failing>[] = [
  {
    header: t`Failed`,
    align: 'end',
    cell: ({ subscriptionId, failures, attempts }) => (
      <Link to={`/logs?subscriptionId=${subscriptionId}`}>
        <Trans>
          {formatNumber(failures)} of {formatNumber(attempts)}
        </Trans>
      </Link>
    ),
  },
  { header: t`Last error`, wide: true, cell: ({ lastError }) => <span className="muted">{lastError}</span> },
];

const TIMES: FigureColumn<Slow>[] = [
  {
    header: t`Attempts`,
    wide: true,
    align: 'end',
    cell: ({ attempts }) => formatNumber(attempts),
  },
  { header: 'p50', align: 'end', cell: ({ p50Ms }) => <ResponseTime ms={p50Ms} /> },
  { header: 'p95', align: 'end', cell: ({ p95Ms }) => <ResponseTime ms={p95Ms} /> },
];

/** Endpoints with their figures. */
function Ranking<Row extends Failing | Slow>({
  title,
  rows,
  pageOf,
  figures,
  actions,
  empty,
}: {
  title: string;
  rows: readonly Row[];
  pageOf(row: Row): string;
  figures: readonly FigureColumn<Row>[];
  actions?: ReactNode;
  /** Shown in place of a table without rows. */
  empty: ReactNode;
}) {
  const { isCustomer } = usePermissions();
  if (rows.length === 0) return <Card title={title}>{empty}</Card>;
  const columns: FigureColumn<Row>[] = [
    {
      header: t`Endpoint`,
      grow: true,
      cell: (row) => (
        <>
          <Link to={pageOf(row)}>{row.name}</Link>
          <div className="muted truncate">{isCustomer ? row.url : `${row.customerId} · ${row.url}`}</div>
        </>
      ),
    },
    { header: t`Status`, wide: true, cell: ({ status }) => <StatusBadge status={status} /> },
    ...figures,
  ];
  return (
    <Card title={title} flush actions={actions}>
      <FigureTable label={title} columns={columns} rows={rows} rowId={({ subscriptionId }) => subscriptionId} />
    </Card>
  );
}
