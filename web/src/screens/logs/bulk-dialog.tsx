import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client';
import { errorText } from '../../api/problem';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import styles from './bulk-bar.module.css';

export type BulkAction = 'retry' | 'cancel';

const BATCH_SIZE = 50;
const WORDS = {
  retry: {
    title: t`Retry`,
    verb: t`Retry`,
    done: (count: number, total: number) => t`${count} of ${total} retried`,
    dismiss: t`Cancel`,
    what: t`Each one is attempted immediately. If that fails, its retry schedule starts again.`,
  },
  cancel: {
    title: t`Cancel`,
    verb: t`Cancel notifications`,
    done: (count: number, total: number) => t`${count} of ${total} cancelled`,
    dismiss: t`Keep them`,
    what: t`They will not be attempted again unless you retry them.`,
  },
};

interface Progress {
  done: number;
  refused: { id: string; detail: string }[];
  running: boolean;
}

/**
 * Retries or cancels many notifications in batches, with progress and a list of what was refused.
 */
export function BulkDialog({
  action,
  ids,
  onClose,
}: {
  action: BulkAction;
  ids: string[];
  onClose(done: boolean): void;
}) {
  const [progress, setProgress] = useState<Progress | null>(null);
  const client = useQueryClient();
  const { title, verb, done, dismiss, what } = WORDS[action];
  const count = plural(ids.length, { one: '1 notification', other: `${ids.length} notifications` });

  async function run() {
    const state: Progress = { done: 0, refused: [], running: true };
    setProgress({ ...state });
    for (let from = 0; from < ids.length; from += BATCH_SIZE) {
      const batch = ids.slice(from, from + BATCH_SIZE);
      try {
        const refused = await processAll(action, batch);
        state.refused = [...state.refused, ...refused];
      } catch (error) {
        state.refused = [...state.refused, ...batch.map((id) => ({ id, detail: errorText(error) }))];
      }
      state.done += batch.length;
      setProgress({ ...state, running: state.done < ids.length });
    }
    await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  }

  const finished = progress !== null && !progress.running;
  return (
    <Dialog
      open
      title={`${title} ${count}?`}
      description={what}
      onClose={() => (progress?.running ? undefined : onClose(finished))}
    >
      {progress && (
        <div className="stack-s">
          <progress
            className={styles.progress}
            max={ids.length}
            value={progress.done}
            aria-label={t`${progress.done} of ${ids.length}`}
          />
          <p role="status">
            {done(progress.done - progress.refused.length, ids.length)}
            {progress.refused.length > 0 && `, ${t`${progress.refused.length} refused`}`}
            {finished ? '.' : ' …'}
          </p>
          {progress.refused.length > 0 && (
            <ul className="bullets">
              {progress.refused.slice(0, 10).map(({ id, detail }) => (
                <li key={id} className="wrap-anywhere">
                  <code>{id}</code>: {detail}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      <Actions>
        {finished ? (
          <Button variant="primary" onClick={() => onClose(true)}>
            <Trans>Close</Trans>
          </Button>
        ) : (
          <>
            <Button onClick={() => onClose(false)} disabled={progress !== null}>
              {dismiss}
            </Button>
            <Button
              variant={action === 'cancel' ? 'danger' : 'primary'}
              busy={progress !== null}
              onClick={() => void run()}
            >
              {verb}
            </Button>
          </>
        )}
      </Actions>
    </Dialog>
  );
}

/** @returns the notifications that were refused, with the reason */
async function processAll(action: BulkAction, ids: string[]) {
  const { results } = await api.post<{ results: { id: string; code: string | null; detail: string | null }[] }>(
    `/v1/notifications/${action}`,
    { ids },
  );
  return results.filter(({ code }) => code !== null).map(({ id, detail }) => ({ id, detail: detail ?? '' }));
}
