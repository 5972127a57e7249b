import { lazy, Suspense } from 'react';
import { Link } from 'react-router';
import { useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Overview as OverviewData } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { FilterSelect, useFilters } from '../../ui/filters';
import { Card, PageHead, Tile } from '../../ui/page';
import { Empty, Loaded, Skeleton } from '../../ui/states';
import { Attention } from './attention';

const TrafficChart = lazy(() => import('./traffic-chart'));
const REFRESH_MS = 10_000;
const WINDOWS = [
  { value: 'hour', text: 'Last hour' },
  { value: 'day', text: 'Last 24 hours' },
];

/** The state of all deliveries, and what needs attention. */
export function Overview() {
  const { values, set } = useFilters('window');
  const chosen = values.window || 'hour';
  const query = useRead<OverviewData>('/v1/overview', { window: chosen }, { refetchInterval: REFRESH_MS });
  return (
    <>
      <PageHead title="Overview">
        <FilterSelect
          label="Period"
          value={chosen}
          all={null}
          options={WINDOWS}
          onChange={(window) => set({ window: window === 'hour' ? '' : window })}
        />
      </PageHead>
      <Loaded query={query} lines={8}>
        {(overview) => (
          <div className="stack">
            <Attention attention={overview.attention} />
            <Figures overview={overview} />
            <Card title={overview.window === 'hour' ? 'Notifications per minute' : 'Notifications per 15 minutes'}>
              <Suspense fallback={<Skeleton lines={8} />}>
                <TrafficChart overview={overview} />
              </Suspense>
            </Card>
            <MostFailing overview={overview} />
          </div>
        )}
      </Loaded>
    </>
  );
}

function Figures({ overview: { buckets, attempts, successRate, backlog } }: { overview: OverviewData }) {
  const sum = (name: 'accepted' | 'delivered' | 'failed') => buckets.reduce((total, bucket) => total + bucket[name], 0);
  const waiting = backlog.pending + backlog.delivering;
  const failed = sum('failed');
  return (
    <div className="grid-tiles">
      <Tile name="Accepted" value={sum('accepted').toLocaleString('en')} />
      <Tile name="Delivered" value={sum('delivered').toLocaleString('en')} to="/logs?status=delivered" />
      <Tile
        name="Success rate"
        value={successRate === null ? '–' : `${(successRate * 100).toFixed(successRate === 1 ? 0 : 1)} %`}
        sub={attempts === 1 ? 'of 1 attempt' : `of ${attempts.toLocaleString('en')} attempts`}
        tone={successRate === null ? undefined : successRate >= 0.99 ? 'ok' : successRate >= 0.9 ? 'warn' : 'bad'}
      />
      <Tile
        name="Failed"
        value={failed.toLocaleString('en')}
        sub="no retries left"
        tone={failed > 0 ? 'bad' : undefined}
        to="/logs?status=failed"
      />
      <Tile
        name="Retrying"
        value={backlog.retrying.toLocaleString('en')}
        tone={backlog.retrying > 0 ? 'warn' : undefined}
        to="/logs?status=retrying"
      />
      <Tile
        name="In progress"
        value={waiting.toLocaleString('en')}
        sub="first attempts"
        to="/logs?status=pending,delivering"
      />
      <Tile name="Held" value={backlog.held.toLocaleString('en')} sub="endpoint not ready" to="/logs?status=held" />
    </div>
  );
}

function MostFailing({ overview: { worst } }: { overview: OverviewData }) {
  const { isCustomer } = usePermissions();
  if (worst.length === 0)
    return (
      <Card title="Most failing endpoints">
        <Empty title="No failed attempts">Endpoints appear here when their deliveries fail.</Empty>
      </Card>
    );
  return (
    <Card title="Most failing endpoints" flush>
      <div className="table-frame" role="region" aria-label="Most failing endpoints" tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col" className="cell-grow">
                Endpoint
              </th>
              <th scope="col" className="wide-only">
                Status
              </th>
              <th scope="col" className="cell-end">
                Failed
              </th>
              <th scope="col" className="wide-only">
                Last error
              </th>
            </tr>
          </thead>
          <tbody>
            {worst.map(({ subscriptionId, name, customerId, url, status, attempts, failures, lastError }) => (
              <tr key={subscriptionId}>
                <td className="cell-grow">
                  <Link to={`/endpoints/${subscriptionId}`}>{name}</Link>
                  <div className="muted truncate">{isCustomer ? url : `${customerId} · ${url}`}</div>
                </td>
                <td className="wide-only">
                  <StatusBadge status={status} />
                </td>
                <td className="cell-end">
                  <Link to={`/logs?subscriptionId=${subscriptionId}`}>
                    {failures.toLocaleString('en')} of {attempts.toLocaleString('en')}
                  </Link>
                </td>
                <td className="wide-only muted">{lastError ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
