import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useEffect, useRef, type ReactNode } from 'react';
import { useBlocker } from 'react-router';
import { Confirm } from './dialog-confirm';

/**
 * Asks before unsaved changes are lost: by a link, by Back, or by closing the window.
 *
 * @param dirty - whether there are unsaved changes
 * @param within - `page`: the page may change its own search parameters, as a wizard does
 * @returns the question, to be rendered, and a function to call before leaving on purpose
 */
export function useUnsavedChanges(
  dirty: boolean,
  within: 'page' | 'tab' = 'page',
): { question: ReactNode; release(): void } {
  const released = useRef(false);
  const blocker = useBlocker(
    ({ currentLocation: from, nextLocation: to }) =>
      dirty && !released.current && (from.pathname !== to.pathname || (within === 'tab' && from.search !== to.search)),
  );
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [dirty]);
  const leaving = useRef(false);
  const question = blocker.state === 'blocked' && (
    <Confirm
      open
      onClose={() => leaving.current || blocker.reset()}
      title={t`Leave without saving?`}
      action={t`Discard changes`}
      dismiss={t`Keep editing`}
      onConfirm={async () => {
        leaving.current = true;
        blocker.proceed();
      }}
    >
      <p>
        <Trans>What you entered is not saved yet.</Trans>
      </p>
    </Confirm>
  );
  return { question, release: () => void (released.current = true) };
}
