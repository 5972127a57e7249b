import { TextArea } from '../../../ui/form';
import type { DraftProps } from '../shared/draft';
import { DryRun } from './dry-run';

export function DataFields({ draft, set, existing }: DraftProps) {
  return (
    <>
      {draft.format === 'trigger' ? (
        <TextArea
          label="Custom data"
          pointer="/customData"
          hint={
            draft.method === 'GET' ? (
              'A JSON object. It is part of the token, because a GET has no body.'
            ) : (
              <>
                A JSON object, sent as <code>data</code>. The event is added to it as <code>event</code>.
              </>
            )
          }
          code
          rows={8}
          value={draft.customData}
          onChange={(customData) => set({ customData })}
        />
      ) : (
        <p className="muted">Custom data is sent only in Trigger format.</p>
      )}
      <TextArea
        label="Transform"
        pointer="/transform"
        optional
        hint={
          <>
            A JSONata expression that builds the payload from the event&#39;s data, for example{' '}
            <code>{'{"total": amount, "currency": currency}'}</code>.
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
