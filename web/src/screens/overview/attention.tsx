import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { CheckCircle2, ChevronRight, TriangleAlert } from 'lucide-react';
import { Link } from 'react-router';
import { usePermissions } from '../../api/session';
import type { Overview } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { usePeriodStart } from '../shared/use-period';
import styles from './attention.module.css';

type ConditionName = keyof Overview['attention'];

interface Condition {
  name: ConditionName;
  /** What the number before it counts. */
  text(count: number): string;
  to: string;
  staff?: boolean;
  bad?: boolean;
}

const CONDITIONS: Condition[] = [
  {
    name: 'outOfOrder',
    text: (count) =>
      plural(count, { one: 'endpoint was disabled automatically', other: 'endpoints were disabled automatically' }),
    to: '/endpoints?status=out-of-order',
    bad: true,
  },
  {
    name: 'failedLastDay',
    text: (count) =>
      plural(count, {
        one: 'notification failed in the last 24 hours (no retries left)',
        other: 'notifications failed in the last 24 hours (no retries left)',
      }),
    to: '/logs?status=failed&finishedSince=',
    bad: true,
  },
  {
    name: 'urlRequests',
    text: (count) => plural(count, { one: 'URL to review', other: 'URLs to review' }),
    to: '/allow-list',
    staff: true,
  },
  {
    name: 'awaitingApproval',
    text: (count) =>
      plural(count, { one: 'endpoint is waiting for URL approval', other: 'endpoints are waiting for URL approval' }),
    to: '/endpoints?status=awaiting-approval',
  },
  {
    name: 'unverified',
    text: (count) =>
      plural(count, {
        one: 'endpoint has not passed its challenge',
        other: 'endpoints have not passed their challenge',
      }),
    to: '/endpoints?status=unverified',
  },
];

/** Conditions that need a person, each linking to where they can be fixed. */
export function Attention({ attention }: { attention: Overview['attention'] }) {
  const { isCustomer } = usePermissions();
  const dayAgo = usePeriodStart('day') ?? '';
  const active = CONDITIONS.filter(({ name, staff }) => attention[name] > 0 && !(staff && isCustomer));
  if (active.length === 0)
    return (
      <p className={styles.calm}>
        <CheckCircle2 size={18} aria-hidden />
        <Trans>All clear</Trans>
      </p>
    );
  return (
    <section aria-label={t`Needs attention`} className={styles.conditions}>
      {active.map(({ name, text, to, bad }) => (
        <Link
          key={name}
          to={name === 'failedLastDay' ? to + dayAgo : to}
          className={bad ? `${styles.condition} ${styles.bad}` : styles.condition}
        >
          <TriangleAlert size={18} aria-hidden />
          <span className="grow">
            <strong className="num">{formatNumber(attention[name])}</strong> {text(attention[name])}
          </span>
          <ChevronRight size={16} aria-hidden />
        </Link>
      ))}
    </section>
  );
}
