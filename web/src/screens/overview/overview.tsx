import { plural, t } from '@lingui/core/macro';
import { lazy, Suspense } from 'react';
import { useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Overview as OverviewData } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { formatRate, toneOf } from '../../ui/figures';
import { FilterSelect, useFilters } from '../../ui/filters';
import { Card, PageHead, Tile } from '../../ui/page';
import { Loaded, PageSkeleton } from '../../ui/states';
import { DeployList } from '../deploys/deploy-list';
import { MarkDeploy } from '../deploys/mark-deploy';
import { useDeploys } from '../deploys/use-deploys';
import { SegmentFilter } from '../shared/segment-filter';
import { Attention } from './attention';
import { MostFailing, Slowest } from './rankings';
import { TrafficChart } from './traffic-chart';

const FirstRun = lazy(() => import('./first-run'));

const REFRESH_MS = 10_000;
const WINDOWS = [
  { value: 'hour', text: t`Last hour` },
  { value: 'day', text: t`Last 24 hours` },
];

/** The state of all deliveries, and what needs attention. */
export function Overview() {
  const { isCustomer } = usePermissions();
  const { values, set } = useFilters('window', 'segment');
  const chosen = values.window || 'hour';
  const query = useRead<OverviewData>(
    '/v1/overview',
    { window: chosen, segment: values.segment },
    { refetchInterval: REFRESH_MS },
  );
  const deploys = useDeploys(query.data, { segment: values.segment });
  return (
    <>
      <PageHead title={t`Overview`}>
        {!isCustomer && <SegmentFilter value={values.segment} onChange={(segment) => set({ segment })} />}
        <FilterSelect
          label={t`Period`}
          value={chosen}
          all={null}
          options={WINDOWS}
          onChange={(window) => set({ window: window === 'hour' ? '' : window })}
        />
      </PageHead>
      <Loaded query={query} skeleton={<PageSkeleton titled={false} />}>
        {(overview) => (
          <div className="stack">
            {isUnused(overview) && (
              <Suspense>
                <FirstRun />
              </Suspense>
            )}
            <Attention attention={overview.attention} />
            <Figures overview={overview} />
            <Card
              title={
                overview.window === 'hour'
                  ? t`Accepted and attempts per minute`
                  : t`Accepted and attempts per 15 minutes`
              }
              actions={<MarkDeploy />}
            >
              <TrafficChart overview={overview} deploys={deploys} />
              <DeployList deploys={deploys} />
            </Card>
            <MostFailing overview={overview} />
            <Slowest overview={overview} />
          </div>
        )}
      </Loaded>
    </>
  );
}

/** Whether nothing was accepted of late. Only then is it worth asking whether anything ever was. */
const isUnused = ({ buckets }: OverviewData) => buckets.every(({ accepted }) => accepted === 0);

function Figures({ overview: { buckets, attempts, successRate, backlog, failed } }: { overview: OverviewData }) {
  const sum = (name: 'accepted' | 'delivered' | 'failed') => buckets.reduce((total, bucket) => total + bucket[name], 0);
  const waiting = backlog.pending + backlog.delivering;
  // More than arrives in a bucket is a backlog.
  const comesPerBucket = Math.max(20, ...buckets.slice(-2).map(({ accepted }) => accepted));
  return (
    <div className="grid-tiles">
      <Tile name={t`Accepted`} value={formatNumber(sum('accepted'))} />
      <Tile
        name={t`Delivered`}
        value={formatNumber(sum('delivered'))}
        to={`/logs?status=delivered&finishedSince=${buckets[0]!.at}`}
      />
      <Tile
        name={t`Success rate`}
        value={formatRate(successRate)}
        sub={plural(attempts, { one: 'of # attempt', other: 'of # attempts' })}
        tone={toneOf(successRate)}
      />
      <Tile
        name={t`Failed`}
        value={formatNumber(failed)}
        sub={t`no retries left`}
        tone={failed > 0 ? 'bad' : undefined}
        to={`/logs?status=failed&finishedSince=${buckets[0]!.at}`}
      />
      <Tile
        name={t`Retrying`}
        value={formatNumber(backlog.retrying)}
        tone={backlog.retrying > 0 ? 'warn' : undefined}
        to="/logs?status=retrying"
      />
      <Tile
        name={t`In progress`}
        value={formatNumber(waiting)}
        sub={t`first attempts`}
        tone={waiting > comesPerBucket ? 'warn' : undefined}
        to="/logs?status=pending,delivering"
      />
      <Tile name={t`Held`} value={formatNumber(backlog.held)} sub={t`endpoint not ready`} to="/logs?status=held" />
    </div>
  );
}
