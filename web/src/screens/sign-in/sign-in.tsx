import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { LogIn } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { setWindowTitle } from '../../api/branding';
import { withQuery } from '../../api/client';
import { ProblemError, errorText } from '../../api/problem';
import { useSessionQuery, useSignIn, useSignInMethods } from '../../api/session';
import { Logo } from '../../layout/logo';
import { TextField } from '../../ui/field';
import { Button } from '../../ui/plain-button';
import { enterSignInPage, isSignInPage, pageAfterSignIn } from './address';

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

/** Why the sign-in at the provider failed; undefined if it did not. */
export const signInFailure = (): string | undefined =>
  isSignInPage() ? FAILURES[new URLSearchParams(location.search).get('error') ?? ''] : undefined;

/**
 * Signs in at the OpenID provider, if there is one, or with an API key or the token of an OAuth
 * client.
 *
 * @param onTyping - called when somebody begins to type a key
 */
export function SignIn({ onTyping }: { onTyping(): void }) {
  const session = useSessionQuery();
  const failure = signInFailure();
  useEffect(() => {
    setWindowTitle(t`Sign in`);
    enterSignInPage();
    // Back leads to a page that needs the sign-in as well.
    addEventListener('popstate', enterSignInPage);
    return () => removeEventListener('popstate', enterSignInPage);
  }, []);
  return (
    <SignInCard label={t`Sign in`} title="Signpost" sub={t`Webhook notifications`}>
      <div className="stack">
        {failure && (
          <p role="alert" className="notice notice-bad">
            {failure}
          </p>
        )}
        {session.data && (
          <a className="button" href="/">
            <Trans>Go to overview</Trans>
          </a>
        )}
        <ProviderLink />
        <KeyForm onTyping={onTyping} />
      </div>
    </SignInCard>
  );
}

function ProviderLink() {
  const { data } = useSignInMethods();
  if (!data?.oidc) return null;
  return (
    <>
      <a className="button button-primary" href={withQuery('/v1/session/oidc', { returnTo: pageAfterSignIn() })}>
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

function KeyForm({ onTyping }: { onTyping(): void }) {
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
        onChange={(typed) => {
          onTyping();
          setCredential(typed);
        }}
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
