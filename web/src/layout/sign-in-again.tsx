import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { LogIn } from 'lucide-react';
import { useState } from 'react';
import { withQuery } from '../api/client';
import { useSession, useSignIn, useSignInMethods } from '../api/session';
import { Button } from '../ui/button';
import { Actions, Dialog } from '../ui/dialog';
import { Form, TextField } from '../ui/form';

/** Asks for another sign-in. @param onEnd - called with whether it succeeded */
export default function ReauthenticateDialog({ onEnd }: { onEnd(done: boolean): void }) {
  return (
    <Dialog
      open
      onClose={() => onEnd(false)}
      title={t`Sign in again`}
      description={t`Secrets are shown only within 10 minutes of a sign-in.`}
    >
      <SignInAgain onDone={onEnd} />
    </Dialog>
  );
}

/** Signs in the way the session was made. */
export function SignInAgain({ onDone }: { onDone(done: boolean): void }) {
  const { method } = useSession();
  const { data } = useSignInMethods();
  const signIn = useSignIn();
  const [credential, setCredential] = useState('');
  if (method === 'oidc')
    return (
      <div className="stack">
        <p>
          <Trans>{data?.oidc?.name ?? t`Your provider`} asks you to sign in and leads back to this page.</Trans>
        </p>
        <Actions>
          <Button onClick={() => onDone(false)}>
            <Trans>Cancel</Trans>
          </Button>
          <a
            className="button button-primary"
            href={withQuery('/v1/session/oidc', {
              reauthenticate: true,
              returnTo: location.pathname + location.search,
            })}
          >
            <LogIn size={16} aria-hidden />
            <Trans>Sign in with {data?.oidc?.name ?? t`the provider`}</Trans>
          </a>
        </Actions>
      </div>
    );
  return (
    <Form
      error={signIn.error}
      onSubmit={() => signIn.mutate(credential.trim(), { onSuccess: () => onDone(true) })}
      label={t`Sign in again`}
    >
      <TextField
        label={t`API key`}
        type="password"
        name="credential"
        autoComplete="current-password"
        value={credential}
        onChange={setCredential}
        required
      />
      <Actions>
        <Button onClick={() => onDone(false)}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" variant="primary" busy={signIn.isPending} disabled={credential.trim() === ''}>
          <Trans>Continue</Trans>
        </Button>
      </Actions>
    </Form>
  );
}
