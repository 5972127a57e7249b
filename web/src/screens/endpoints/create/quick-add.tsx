import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { ProblemError } from '../../../api/problem';
import { Button } from '../../../ui/button';
import { Actions } from '../../../ui/dialog';
import { Form, SwitchField, TextField } from '../../../ui/form';
import { Card, PageHead } from '../../../ui/page';
import { TypeFields } from '../fields/types';
import { validationError, type DraftProps } from '../shared/draft';

const EVERYTHING = '*';

/** Adds an endpoint in a portal: where to, and what. The wizard has everything else. */
export function QuickAdd({
  draft,
  set,
  error,
  busy,
  unsaved,
  onSubmit,
  onMore,
}: DraftProps & {
  error: unknown;
  busy: boolean;
  unsaved: React.ReactNode;
  /** @param error - what the form itself found; absent if it is complete */
  onSubmit(error: unknown): void;
  onMore(): void;
}) {
  const [named, setNamed] = useState(false);
  const everything = draft.eventTypes.includes(EVERYTHING);
  // The name follows from the URL, unless it is taken.
  const nameRefused = error instanceof ProblemError && error.errorsOf('/name').length > 0;
  function submit() {
    const host = hostOf(draft.url);
    if (host !== undefined && draft.eventTypes.length > 0) return onSubmit(undefined);
    onSubmit(
      validationError(
        ...(host === undefined
          ? [{ path: '/url', message: t`Enter the full URL, for example https://example.com/hooks.` }]
          : []),
        ...(draft.eventTypes.length === 0
          ? [{ path: '/eventTypes', message: t`Choose at least one event type.` }]
          : []),
      ),
    );
  }
  return (
    <>
      <PageHead title={t`Add endpoint`} crumbs={[{ text: t`Endpoints`, to: '/endpoints' }]} />
      <Card>
        <Form label={t`Add endpoint`} error={error} summary={false} onSubmit={submit}>
          <TextField
            label={t`URL`}
            pointer="/url"
            type="url"
            inputMode="url"
            placeholder="https://example.com/webhooks"
            hint={t`Events are sent here with POST, signed with a secret that you get next.`}
            value={draft.url}
            onChange={(url) => set({ url, ...(named ? {} : { name: hostOf(url) ?? '' }) })}
            autoFocus
          />
          {(named || nameRefused) && (
            <TextField
              label={t`Name`}
              pointer="/name"
              value={draft.name}
              onChange={(name) => {
                setNamed(true);
                set({ name });
              }}
            />
          )}
          <SwitchField
            label={t`All events`}
            hint={t`Event types that are added later are included.`}
            checked={everything}
            onChange={(all) => set({ eventTypes: all ? [EVERYTHING] : [] })}
          />
          {!everything && <TypeFields draft={draft} set={set} />}
          {unsaved}
          <Actions>
            <Button variant="ghost" onClick={onMore}>
              <Trans>More settings</Trans>
            </Button>
            <Button type="submit" variant="primary" busy={busy}>
              <Trans>Add endpoint</Trans>
            </Button>
          </Actions>
        </Form>
      </Card>
    </>
  );
}

function hostOf(url: string): string | undefined {
  try {
    return new URL(url.trim()).host || undefined;
  } catch {
    return undefined;
  }
}
