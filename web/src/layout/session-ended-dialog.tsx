import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { LogOut } from 'lucide-react';
import { inPortal } from '../api/portal';
import { useSession } from '../api/session';
import { Actions, Dialog } from '../ui/dialog';
import { SignInAgain } from './sign-in-again';

/** Asks to sign in again, or for a new link to the portal. @param onLeave - gives the page up */
export default function SessionEndedDialog({ onLeave }: { onLeave(): void }) {
  const { returnUrl } = useSession();
  return (
    <Dialog
      open
      onClose={onLeave}
      title={t`Your session has ended`}
      description={
        inPortal
          ? t`Open the portal again with a new link. Ask whoever sent you this one.`
          : t`Sign in to continue. This page stays as it is.`
      }
    >
      {inPortal ? <PortalEnded returnUrl={returnUrl} /> : <SignInAgain onDone={(done) => done || onLeave()} />}
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
