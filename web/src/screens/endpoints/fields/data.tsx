import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { TextArea } from '../../../ui/form';
import type { DraftProps } from '../shared/draft';
import { DryRun } from './dry-run';

export function DataFields({ draft, set, existing }: DraftProps) {
  return (
    <>
      {draft.format === 'trigger' ? (
        <TextArea
          label={t`Custom data`}
          pointer="/customData"
          hint={
            draft.method === 'GET' ? (
              t`A JSON object. It is part of the token, because a GET has no body.`
            ) : (
              <>
                <Trans>
                  A JSON object, sent as <code>data</code>. The event is added to it as <code>event</code>.
                </Trans>
              </>
            )
          }
          code
          rows={8}
          value={draft.customData}
          onChange={(customData) => set({ customData })}
        />
      ) : (
        <p className="muted">
          <Trans>Custom data is sent only in Trigger format.</Trans>
        </p>
      )}
      <TextArea
        label={t`Transform`}
        pointer="/transform"
        optional
        hint={
          <>
            <Trans>
              A JSONata expression that builds the payload from the event&#39;s data, for example{' '}
              <code>{'{"total": amount, "currency": currency}'}</code>.
            </Trans>
          </>
        }
        code
        rows={4}
        value={draft.transform}
        onChange={(transform) => set({ transform })}
      />
      <DryRun draft={draft} existing={existing} />
    </>
  );
}
