import { t } from '@lingui/core/macro';
import { BadgeCheck, CircleHelp, Handshake, ShieldX, type LucideIcon } from 'lucide-react';
import type { PlayRequestSummary } from '../../api/types';
import { Badge, type Tone } from '../../ui/badge';

type Status = PlayRequestSummary['signature']['status'];

const SHOWN: Record<Status, [Tone, LucideIcon, string]> = {
  verified: ['ok', BadgeCheck, t`verified`],
  failed: ['bad', ShieldX, t`not valid`],
  unknown: ['neutral', CircleHelp, t`not checked`],
  challenge: ['info', Handshake, t`challenge`],
};

/** The result of checking the signature of a captured request. */
export function SignatureBadge({ status }: { status: Status }) {
  const [tone, icon, text] = SHOWN[status];
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  );
}
