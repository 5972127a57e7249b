import { Trans } from '@lingui/react/macro';
import {
  Ban,
  CheckCircle2,
  Clock,
  Hourglass,
  LoaderCircle,
  PauseCircle,
  ShieldQuestion,
  TriangleAlert,
  XCircle,
  type LucideIcon,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { statusText } from './status-text';

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'neutral';

/** A short word on a colored background. Color never carries the meaning alone: the word does. */
export function Badge({
  tone = 'neutral',
  icon: Icon,
  children,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  children: ReactNode;
}) {
  return (
    <span className={`badge badge-${tone}`}>
      {Icon && <Icon size={13} aria-hidden />}
      {children}
    </span>
  );
}

const STATUS: Record<string, [Tone, LucideIcon]> = {
  // Notifications
  pending: ['info', Clock],
  delivering: ['info', LoaderCircle],
  delivered: ['ok', CheckCircle2],
  retrying: ['warn', Hourglass],
  failed: ['bad', XCircle],
  held: ['neutral', PauseCircle],
  cancelled: ['neutral', Ban],
  // Endpoints
  enabled: ['ok', CheckCircle2],
  disabled: ['neutral', PauseCircle],
  'out-of-order': ['bad', TriangleAlert],
  'awaiting-approval': ['warn', Hourglass],
  unverified: ['warn', ShieldQuestion],
  // Challenges, recoveries and URL patterns
  verified: ['ok', CheckCircle2],
  running: ['info', LoaderCircle],
  completed: ['ok', CheckCircle2],
  requested: ['warn', Hourglass],
  approved: ['ok', CheckCircle2],
  rejected: ['bad', XCircle],
};

/** The status of an endpoint, a notification, a challenge, a recovery or a URL pattern. */
export function StatusBadge({ status }: { status: string }) {
  const [tone, icon] = STATUS[status] ?? ['neutral', Clock];
  return (
    <Badge tone={tone} icon={icon}>
      {statusText(status)}
    </Badge>
  );
}

/** The result of an attempt: the HTTP status, or the class of its error. */
export function ResponseBadge({ status, errorClass }: { status: number | null; errorClass?: string | null }) {
  if (status === null && !errorClass)
    return (
      <span className="muted">
        <Trans>none yet</Trans>
      </span>
    );
  const ok = status !== null && status >= 200 && status < 300 && !errorClass;
  return (
    <Badge tone={ok ? 'ok' : 'bad'}>
      {status === null || (errorClass && errorClass !== 'status') ? errorClass : `HTTP ${status}`}
    </Badge>
  );
}
