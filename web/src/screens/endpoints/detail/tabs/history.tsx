import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import {
  KeyRound,
  Pause,
  Pencil,
  Play,
  Plus,
  Rocket,
  RotateCcw,
  ShieldCheck,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useRead } from '../../../../api/queries';
import type { AuditEntry, Deploy, Page, Recovery, Subscription } from '../../../../api/types';
import { formatNumber } from '../../../../i18n/i18n';
import { Card } from '../../../../ui/page';
import { Empty, Loaded } from '../../../../ui/states';
import { statusText } from '../../../../ui/status-text';
import { ExactTime } from '../../../../ui/time';
import { useZone } from '../../../../ui/zone';
import { valueText } from '../../../audit/changes';
import { actionLabel } from '../../../audit/labels';
import { DeployLink } from '../../../deploys/deploy-list';
import { MarkDeploy } from '../../../deploys/mark-deploy';
import { Step } from '../../../shared/step';

const LIMIT = 200;
/** Clocks differ: the entry of the creation may be a little older than the endpoint. */
const BEFORE_CREATION_MS = 60_000;

interface Entry {
  id: string;
  at: string;
  icon: LucideIcon;
  tone?: 'ok' | 'bad';
  title: string;
  by?: string;
  lines: string[];
  to?: string;
  more?: ReactNode;
}

/** Actions that explain how deliveries went on. Reads of the secret and manual triggers do not. */
const ACTIONS: Record<string, { icon: LucideIcon; tone?: 'ok' | 'bad' }> = {
  'subscription.create': { icon: Plus },
  'subscription.change': { icon: Pencil },
  'subscription.enable': { icon: Play, tone: 'ok' },
  'subscription.disable': { icon: Pause },
  'subscription.out-of-order': { icon: TriangleAlert, tone: 'bad' },
  'subscription.challenge': { icon: ShieldCheck },
  'secret.rotate': { icon: KeyRound },
  'signing-key.create': { icon: KeyRound },
  'signing-key.delete': { icon: KeyRound },
};

/**
 * What happened to an endpoint, newest first: from the audit log, its recoveries, and deploys.
 * Reads only what is younger than the endpoint, and does not poll: the audit log has no index by
 * object.
 */
export function HistoryTab({ subscription }: { subscription: Subscription }) {
  const { id, createdAt } = subscription;
  const since = new Date(Date.parse(createdAt) - BEFORE_CREATION_MS).toISOString();
  const audit = useRead<Page<AuditEntry>>('/v1/audit', { object: id, since, limit: LIMIT });
  const recoveries = useRead<Page<Recovery>>('/v1/recoveries', { subscriptionId: id, limit: LIMIT });
  const deploys = useRead<Page<Deploy>>('/v1/deploys', { subscriptionId: id, since, limit: LIMIT });
  useZone();
  return (
    <Card title={t`History`} actions={<MarkDeploy subscription={subscription} />}>
      <Loaded query={audit}>
        {(entries) => (
          <Loaded query={recoveries}>
            {(started) => (
              <Loaded query={deploys}>
                {(marked) => <Entries id={id} entries={entries} started={started} marked={marked} />}
              </Loaded>
            )}
          </Loaded>
        )}
      </Loaded>
    </Card>
  );
}

function Entries({
  id,
  entries,
  started,
  marked,
}: {
  id: string;
  entries: Page<AuditEntry>;
  started: Page<Recovery>;
  marked: Page<Deploy>;
}) {
  const all = [
    ...entries.items.flatMap(ofChange),
    ...started.items.map(ofRecovery),
    ...marked.items.map(ofDeploy),
  ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  if (all.length === 0)
    return (
      <Empty title={t`No history`}>
        <Trans>The audit log has no changes of this endpoint any more.</Trans>
      </Empty>
    );
  return (
    <>
      <ol aria-label={t`History`}>
        {all.map((entry) => (
          <HistoryEntry key={entry.id} entry={entry} />
        ))}
      </ol>
      {(entries.nextCursor ?? started.nextCursor) !== null && (
        <p className="muted">
          <Trans>
            Older entries are in the <Link to={`/audit?object=${id}`}>audit log</Link> and in{' '}
            <Link to={`/recoveries?subscriptionId=${id}`}>Recoveries</Link>.
          </Trans>
        </p>
      )}
      {marked.nextCursor !== null && (
        <p className="muted">
          <Trans>Only the last {LIMIT} deploys are shown.</Trans>
        </p>
      )}
    </>
  );
}

function HistoryEntry({ entry: { icon, tone, title, by, at, lines, to, more } }: { entry: Entry }) {
  return (
    <Step
      icon={icon}
      tone={tone}
      content={lines.map((line) => (
        <div key={line} className="muted wrap-anywhere">
          {line}
        </div>
      ))}
    >
      <strong>{to ? <Link to={to}>{title}</Link> : title}</strong>
      {by && (
        <span>
          <Trans>by {by}</Trans>
        </span>
      )}
      <ExactTime at={at} />
      {more}
    </Step>
  );
}

function ofChange({ id, at, action, actorName, changes, detail }: AuditEntry): Entry[] {
  const shown = ACTIONS[action];
  if (!shown) return [];
  const automatic = action === 'subscription.out-of-order';
  return [
    {
      ...shown,
      id,
      at,
      title: actionLabel(action),
      by: automatic ? undefined : actorName,
      lines: automatic ? [valueText(detail.reason)] : changeLines(action, changes),
    },
  ];
}

/** Switching an endpoint on or off changes nothing else that is worth a line. */
function changeLines(action: string, changes: AuditEntry['changes']): string[] {
  if (action !== 'subscription.change') return [];
  return Object.entries(changes).map(([field, { from, to }]) => `${field}: ${valueText(from)} → ${valueText(to)}`);
}

function ofRecovery({ id, createdAt, status, retried, total }: Recovery): Entry {
  return {
    id,
    at: createdAt,
    icon: RotateCcw,
    title: t`Started a recovery`,
    lines: [t`${statusText(status)}: ${formatNumber(retried)} of ${formatNumber(total)} retried`],
    to: `/recoveries?open=${id}`,
  };
}

function ofDeploy(deploy: Deploy): Entry {
  const { id, at, version, description, subscriptionId, customerId, productId } = deploy;
  const product = productId ?? '';
  const concerned =
    subscriptionId !== null ? t`This endpoint` : customerId !== null ? t`All endpoints` : t`Product ${product}`;
  return {
    id,
    at,
    icon: Rocket,
    title: t`Deployed ${version}`,
    lines: [description === '' ? concerned : `${concerned}: ${description}`],
    more: <DeployLink deploy={deploy} />,
  };
}
