import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { LogOut } from 'lucide-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { inPortal } from '../api/portal';
import { useSession } from '../api/session';
import { Actions, Dialog } from '../ui/dialog';
import { formatDuration, useNow } from '../ui/time';
import { useToast } from '../ui/toast';
import { SignInAgain } from './reauthenticate';

const WARN_BEFORE_MS = 300_000;

/**
 * Asks to sign in when the session has ended. The screen stays as it is, with what was typed, and
 * goes on after the sign-in.
 */
export function SessionEnded() {
  const session = useSession();
  const client = useQueryClient();
  if (!session.ended) return <EndsSoon at={session.expiresAt} />;
  const leave = () => client.setQueryData(['session'], null);
  return (
    <Dialog
      open
      onClose={leave}
      title={t`Your session has ended`}
      description={
        inPortal
          ? t`Open the portal again with a new link. Ask whoever sent you this one.`
          : t`Sign in to continue. This page stays as it is.`
      }
    >
      {inPortal ? <PortalEnded returnUrl={session.returnUrl} /> : <SignInAgain onDone={(done) => done || leave()} />}
    </Dialog>
  );
}

function PortalEnded({ returnUrl }: { returnUrl: string | null }) {
  if (!returnUrl) return null;
  return (
    <Actions>
      <a className="button button-primary" href={returnUrl} target="_top">
        <LogOut size={16} aria-hidden />
        <Trans>Back to {new URL(returnUrl).host}</Trans>
      </a>
    </Actions>
  );
}

/** Warns once, while there is time to finish. */
function EndsSoon({ at }: { at: string }) {
  const toast = useToast();
  const [warned, setWarned] = useState(false);
  const leftMs = Date.parse(at) - useNow();
  const soon = leftMs > 0 && leftMs <= WARN_BEFORE_MS;
  useEffect(() => {
    if (!soon || warned) return;
    setWarned(true);
    toast({ tone: 'bad', text: t`Your session ends in ${formatDuration(Math.ceil(leftMs / 60_000) * 60)}.` });
  }, [soon, warned, leftMs, toast]);
  return null;
}
