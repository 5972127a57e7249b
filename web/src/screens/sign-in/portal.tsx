import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useEffect } from 'react';
import { setWindowTitle } from '../../api/branding';
import { rememberedPortal } from '../../api/portal';
import { useSignIn } from '../../api/session';
import { SignInCard } from './sign-in';

/** Opens a portal with the token of its link. The session of an operator stays as it is. */
export function PortalEntry({ token, onOpened }: { token: string; onOpened(): void }) {
  const { mutate, isError } = useSignIn();
  useEffect(() => {
    setWindowTitle(t`Portal`);
    mutate(token, { onSuccess: onOpened });
  }, [token, mutate, onOpened]);
  if (isError) return <PortalClosed />;
  return (
    <SignInCard label={t`Portal`} title={t`Your webhook portal`}>
      <p role="status">
        <Trans>Opening…</Trans>
      </p>
    </SignInCard>
  );
}

/** Shown without a portal session: there is nothing that a customer could sign in with. */
export function PortalClosed() {
  useEffect(() => {
    setWindowTitle(t`Portal`);
  }, []);
  const returnUrl = rememberedPortal();
  return (
    <SignInCard label={t`Portal`} title={t`Your webhook portal`}>
      <div className="stack">
        <p role="alert">
          {returnUrl === null
            ? t`This link is incomplete or has expired. Ask the sender for a new link.`
            : t`Your session has ended. Ask the sender of the link for a new one.`}
        </p>
        {returnUrl && (
          <a className="button button-primary" href={returnUrl} target="_top">
            <Trans>Back to {new URL(returnUrl).host}</Trans>
          </a>
        )}
      </div>
    </SignInCard>
  );
}
