import { t } from '@lingui/core/macro';
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect, useState } from 'react';
import { useSession } from '../api/session';
import { lazyInBackground } from '../ui/prefetch';
import { formatDuration, useNow } from '../ui/time';
import { useToast } from '../ui/toast';

const SessionEndedDialog = lazyInBackground(() => import('./session-ended-dialog'));

const WARN_BEFORE_MS = 300_000;

/**
 * Asks to sign in when the session has ended. The screen stays as it is, with what was typed, and
 * goes on after the sign-in.
 */
export function SessionEnded() {
  const session = useSession();
  const client = useQueryClient();
  if (!session.ended) return <EndsSoon at={session.expiresAt} />;
  return (
    <Suspense>
      <SessionEndedDialog onLeave={() => client.setQueryData(['session'], null)} />
    </Suspense>
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
