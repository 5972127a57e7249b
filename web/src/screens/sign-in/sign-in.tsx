import { LogIn } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Navigate, useLocation, useNavigate } from 'react-router';
import { ProblemError, errorText } from '../../api/problem';
import { useSessionQuery, useSignIn } from '../../api/session';
import { Logo } from '../../layout/logo';
import { Button } from '../../ui/button';
import { TextField } from '../../ui/form';

/** Signs in with an API key, or with a token of a portal or an OAuth client. */
export function SignIn() {
  const session = useSessionQuery();
  const { state } = useLocation() as { state: { from?: string } | null };
  const [credential, setCredential] = useState('');
  const signIn = useSignIn();
  useEffect(() => {
    document.title = 'Sign in · Signpost';
  }, []);
  if (session.data) return <Navigate to={state?.from ?? '/'} replace />;
  const refused = signIn.error instanceof ProblemError && signIn.error.status === 401;
  const error = refused
    ? 'This key is unknown, revoked or expired.'
    : signIn.error
      ? errorText(signIn.error)
      : undefined;
  return (
    <main className="sign-in">
      <section className="card" aria-label="Sign in">
        <header className="sign-in-head">
          <Logo size={36} />
          <div>
            <h1>Signpost</h1>
            <p className="muted">Webhook notifications</p>
          </div>
        </header>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            signIn.mutate(credential.trim());
          }}
        >
          <TextField
            label="API key"
            type="password"
            name="credential"
            autoComplete="current-password"
            value={credential}
            onChange={setCredential}
            error={error}
            hint="The first npm start prints the admin key and keeps it in .signpost/admin-key. The role of your key decides what you see."
            autoFocus
            required
          />
          <Button
            type="submit"
            variant="primary"
            icon={LogIn}
            busy={signIn.isPending}
            disabled={credential.trim() === ''}
          >
            Sign in
          </Button>
        </form>
      </section>
    </main>
  );
}

/**
 * The target of portal links. The token is in the fragment, which browsers never send, and is
 * removed from the address bar immediately.
 */
export function PortalEntry() {
  const navigate = useNavigate();
  const signIn = useSignIn();
  useEffect(() => {
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    history.replaceState(null, '', location.pathname);
    if (token) signIn.mutate(token, { onSuccess: () => void navigate('/', { replace: true }) });
    // Runs once: the token is gone from the address afterwards.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useEffect(() => {
    document.title = 'Portal · Signpost';
  }, []);
  return (
    <main className="sign-in">
      <section className="card" aria-label="Portal">
        <header className="sign-in-head">
          <Logo size={36} />
          <h1>Your webhook portal</h1>
        </header>
        {signIn.isPending ? (
          <p role="status">Opening…</p>
        ) : (
          <p role="alert">This link is incomplete or has expired. Ask the sender for a new link.</p>
        )}
      </section>
    </main>
  );
}
