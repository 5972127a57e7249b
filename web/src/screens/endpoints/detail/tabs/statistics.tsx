import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { lazy, Suspense } from 'react';
import { useRead } from '../../../../api/queries';
import type { Series, Statistics, Subscription } from '../../../../api/types';
import { formatNumber } from '../../../../i18n/i18n';
import { FigureTable, type FigureColumn } from '../../../../ui/figure-table';
import { formatRate, ResponseTime } from '../../../../ui/figures';
import { FilterSelect, useDrawer, useFilters } from '../../../../ui/filters';
import { Card, Tile } from '../../../../ui/page';
import { Empty, Loaded, Skeleton } from '../../../../ui/states';
import { Countdown, Time } from '../../../../ui/time';
import { DeployList } from '../../../deploys/deploy-list';
import { MarkDeploy } from '../../../deploys/mark-deploy';
import { useDeploys } from '../../../deploys/use-deploys';
import { AttemptDrawer } from '../attempt-drawer';
import styles from '../../shared/endpoints.module.css';

const OutcomeChart = lazy(async () => ({ default: (await import('../charts')).OutcomeChart }));
const TimingChart = lazy(async () => ({ default: (await import('../charts')).TimingChart }));

const REFRESH_MS = 5000;
const WINDOWS = [
  { value: 'hour', text: t`Last hour` },
  { value: 'day', text: t`Last 24 hours` },
  { value: 'week', text: t`Last 7 days` },
];

/** The nine figures of an endpoint, and its attempts over time. */
export function StatisticsTab({ subscription }: { subscription: Subscription }) {
  const { id } = subscription;
  const { values, set } = useFilters('window');
  const window = values.window || 'day';
  const statistics = useRead<Statistics>(`/v1/subscriptions/${id}/statistics`, {}, { refetchInterval: REFRESH_MS });
  const series = useRead<Series>(`/v1/subscriptions/${id}/series`, { window }, { refetchInterval: REFRESH_MS });
  const deploys = useDeploys(series.data, { subscriptionId: id });
  return (
    <div className="stack">
      <Loaded query={statistics}>
        {(figures) => (
          <>
            <Figures figures={figures} />
            <LastDay figures={figures.lastDay} />
          </>
        )}
      </Loaded>
      <Card
        title={t`Attempts over time`}
        actions={
          <>
            <MarkDeploy subscription={subscription} />
            <FilterSelect
              label={t`Period`}
              all={null}
              value={window}
              onChange={(next) => set({ window: next === 'day' ? '' : next })}
              options={WINDOWS}
            />
          </>
        }
      >
        <Loaded query={series}>
          {(data) =>
            data.buckets.every(({ successes, failures }) => successes + failures === 0) ? (
              <Empty title={t`No attempts in this period`}>
                <Trans>Choose a longer period, or trigger the endpoint.</Trans>
              </Empty>
            ) : (
              <Suspense fallback={<Skeleton lines={8} />}>
                <div className="stack">
                  <OutcomeChart series={data} deploys={deploys} />
                  <h3>
                    <Trans>Response time</Trans>
                  </h3>
                  <TimingChart series={data} deploys={deploys} />
                </div>
              </Suspense>
            )
          }
        </Loaded>
        <DeployList deploys={deploys} subscriptionId={id} />
      </Card>
    </div>
  );
}

type DayFigures = Statistics['lastDay'];

const TIME_COLUMNS: FigureColumn<DayFigures['classes'][number]>[] = [
  {
    header: t`Response`,
    grow: true,
    heads: true,
    cell: ({ responseClass }) => (responseClass === 'none' ? t`No response` : responseClass),
  },
  {
    header: t`Attempts`,
    align: 'end',
    cell: ({ attempts }) => formatNumber(attempts),
  },
  { header: 'p50', align: 'end', cell: ({ p50Ms }) => <ResponseTime ms={p50Ms} /> },
  { header: 'p95', align: 'end', cell: ({ p95Ms }) => <ResponseTime ms={p95Ms} /> },
  { header: 'p99', align: 'end', cell: ({ p99Ms }) => <ResponseTime ms={p99Ms} /> },
];

/** Success rate and response times over the last day, also by the class of the response. */
function LastDay({ figures }: { figures: DayFigures }) {
  if (figures.attempts === 0) return null;
  return (
    <Card title={t`Response times, last 24 hours (${formatRate(figures.successRate)} successful)`} flush>
      <FigureTable
        label={t`Response times`}
        columns={TIME_COLUMNS}
        rows={[{ ...figures, responseClass: t`All` }, ...figures.classes]}
        rowId={({ responseClass }) => responseClass}
      />
    </Card>
  );
}

function Figures({ figures }: { figures: Statistics }) {
  const drawer = useDrawer('attempt');
  const attemptLink = (link: Statistics['lastSuccess'], name: string) =>
    link ? (
      <button
        type="button"
        className="link-button"
        aria-label={t`${name}: show attempt`}
        onClick={() => drawer.show(link.attemptId)}
      >
        <Time at={link.at} />
      </button>
    ) : (
      <Time at={null} />
    );
  return (
    <>
      <div className={styles.figures}>
        <Tile name={t`Events`} value={formatNumber(figures.events)} />
        <Tile name={t`Attempts`} value={formatNumber(figures.triggers)} />
        <Tile name={t`Success responses`} value={formatNumber(figures.successResponses)} />
        <Tile name={t`Failure responses`} value={formatNumber(figures.failureResponses)} />
        <Tile
          name={t`Consecutive failures`}
          value={figures.failuresSinceLastSuccess}
          tone={figures.failuresSinceLastSuccess > 0 ? 'bad' : undefined}
        />
        <Tile name={t`Last event`} value={<Time at={figures.lastEventAt} />} />
        <Tile
          name={t`Next attempt`}
          value={
            figures.nextTriggerAt ? (
              <Countdown inSentence until={figures.nextTriggerAt} />
            ) : (
              <span className="muted">
                <Trans>none</Trans>
              </span>
            )
          }
        />
        <Tile name={t`Last success`} value={attemptLink(figures.lastSuccess, t`Last success`)} />
        <Tile name={t`Last failure`} value={attemptLink(figures.lastFailure, t`Last failure`)} />
      </div>
      <AttemptDrawer id={drawer.id} onClose={drawer.close} />
    </>
  );
}
