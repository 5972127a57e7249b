import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { LogIn } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Navigate, useLocation, useSearchParams } from 'react-router';
import { setWindowTitle } from '../../api/branding';
import { withQuery } from '../../api/client';
import { ProblemError, errorText } from '../../api/problem';
import { useSessionQuery, useSignIn, useSignInMethods } from '../../api/session';
import { Logo } from '../../layout/logo';
import { Button, ButtonLink } from '../../ui/button';
import { TextField } from '../../ui/form';

/** Only where somebody tries Signpost out, npm start was likely run by the same person. */
const ON_THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);

/** Why a sign-in at the provider failed, and what to do, by the reason in the address. */
const FAILURES: Record<string, string> = {
  'no-role': t`You signed in, but your account has no role in Signpost. Ask an administrator to add you to a group that has one, then sign in again.`,
  denied: t`The provider did not sign you in, or you cancelled. Try again.`,
  expired: t`The sign-in took too long, or was started in another browser. Try again.`,
  rejected: t`The response of the provider was not valid for this sign-in. Try again.`,
  'provider-unavailable': t`The provider does not respond. Try again in a moment, or sign in with an API key.`,
};

/**
 * Signs in at the OpenID provider, if there is one, or with an API key or the token of an OAuth
 * client.
 */
export function SignIn() {
  const session = useSessionQuery();
  const { state } = useLocation() as { state: { from?: string } | null };
  const [params] = useSearchParams();
  const failure = FAILURES[params.get('error') ?? ''];
  const target = state?.from ?? '/';
  useEffect(() => {
    setWindowTitle(t`Sign in`);
  }, []);
  if (session.data && !failure) return <Navigate to={target} replace />;
  return (
    <SignInCard label={t`Sign in`} title="Signpost" sub={t`Webhook notifications`}>
      <div className="stack">
        {failure && (
          <p role="alert" className="notice notice-bad">
            {failure}
          </p>
        )}
        {session.data && (
          <ButtonLink to="/">
            <Trans>Go to overview</Trans>
          </ButtonLink>
        )}
        <ProviderLink target={target} />
        <KeyForm />
      </div>
    </SignInCard>
  );
}

function ProviderLink({ target }: { target: string }) {
  const { data } = useSignInMethods();
  if (!data?.oidc) return null;
  return (
    <>
      <a className="button button-primary" href={withQuery('/v1/session/oidc', { returnTo: target })}>
        <LogIn size={16} aria-hidden />
        <Trans>Sign in with {data.oidc.name}</Trans>
      </a>
      <p className="muted sign-in-or">
        <Trans>
          On a shared computer, also <a href="/v1/session/oidc/sign-out">sign out at {data.oidc.name}</a>.
        </Trans>
      </p>
      <p className="muted sign-in-or">
        <Trans>or with an API key</Trans>
      </p>
    </>
  );
}

function KeyForm() {
  const [credential, setCredential] = useState('');
  const signIn = useSignIn();
  const refused = signIn.error instanceof ProblemError && signIn.error.status === 401;
  const error = refused
    ? t`This key is unknown, revoked or expired.`
    : signIn.error
      ? errorText(signIn.error)
      : undefined;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate(credential.trim());
      }}
    >
      <TextField
        label={t`API key`}
        type="password"
        name="credential"
        autoComplete="current-password"
        value={credential}
        onChange={setCredential}
        error={error}
        hint={
          ON_THIS_MACHINE
            ? t`The first npm start prints the admin key and keeps it in .signpost/admin-key. The role of your key decides what you see.`
            : t`The role of your key decides what you see.`
        }
        autoFocus
        required
      />
      <Button type="submit" variant="primary" icon={LogIn} busy={signIn.isPending} disabled={credential.trim() === ''}>
        <Trans>Sign in</Trans>
      </Button>
    </form>
  );
}

/** The frame of pages without a session. */
export function SignInCard({
  label,
  title,
  sub,
  children,
}: {
  label: string;
  title: string;
  sub?: string;
  children: ReactNode;
}) {
  return (
    <main className="sign-in">
      <section className="card" aria-label={label}>
        <header className="sign-in-head">
          <Logo size={36} />
          <div>
            <h1>{title}</h1>
            {sub && <p className="muted">{sub}</p>}
          </div>
        </header>
        {children}
      </section>
    </main>
  );
}
