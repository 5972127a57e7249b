import { CheckCircle2, ChevronRight, TriangleAlert } from 'lucide-react';
import { Link } from 'react-router';
import { usePermissions } from '../../api/session';
import type { Overview } from '../../api/types';
import { usePeriodStart } from '../shared/use-period';
import styles from './attention.module.css';

type ConditionName = keyof Overview['attention'];

const CONDITIONS: { name: ConditionName; one: string; many: string; to: string; staff?: boolean; bad?: boolean }[] = [
  {
    name: 'outOfOrder',
    one: 'endpoint was disabled automatically',
    many: 'endpoints were disabled automatically',
    to: '/endpoints?status=out-of-order',
    bad: true,
  },
  {
    name: 'failedLastDay',
    one: 'notification failed in the last 24 hours (no retries left)',
    many: 'notifications failed in the last 24 hours (no retries left)',
    to: '/logs?status=failed&finishedSince=',
    bad: true,
  },
  {
    name: 'urlRequests',
    one: 'URL to review',
    many: 'URLs to review',
    to: '/allow-list',
    staff: true,
  },
  {
    name: 'awaitingApproval',
    one: 'endpoint is waiting for URL approval',
    many: 'endpoints are waiting for URL approval',
    to: '/endpoints?status=awaiting-approval',
  },
  {
    name: 'unverified',
    one: 'endpoint has not passed its challenge',
    many: 'endpoints have not passed their challenge',
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
        All clear
      </p>
    );
  return (
    <section aria-label="Needs attention" className={styles.conditions}>
      {active.map(({ name, one, many, to, bad }) => (
        <Link
          key={name}
          to={name === 'failedLastDay' ? to + dayAgo : to}
          className={bad ? `${styles.condition} ${styles.bad}` : styles.condition}
        >
          <TriangleAlert size={18} aria-hidden />
          <span className="grow">
            <strong className="num">{attention[name].toLocaleString('en')}</strong> {attention[name] === 1 ? one : many}
          </span>
          <ChevronRight size={16} aria-hidden />
        </Link>
      ))}
    </section>
  );
}
