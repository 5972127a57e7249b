import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { PlayInbox } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, TextArea, TextField } from '../../ui/form';

/** Answers that are worth a test. */
const PRESETS = [
  { text: t`OK`, status: 200, delaySeconds: 0 },
  { text: t`Failing`, status: 500, delaySeconds: 0 },
  { text: t`Overloaded`, status: 503, delaySeconds: 0 },
  { text: t`Gone`, status: 410, delaySeconds: 0 },
  { text: t`Slow`, status: 200, delaySeconds: 30 },
];

const numberIn = (text: string) => (/^\d+$/.test(text.trim()) ? Number(text) : NaN);

/** Changes what an inbox answers. */
export function AnswerDialog({ inbox, onClose }: { inbox: PlayInbox; onClose(): void }) {
  const [status, setStatus] = useState(String(inbox.answer.status));
  const [delay, setDelay] = useState(String(inbox.answer.delaySeconds));
  const [body, setBody] = useState(inbox.answer.body);
  const save = useAction(
    () =>
      api.patch<PlayInbox>(at`/v1/play-inboxes/${inbox.id}`, {
        answer: { status: numberIn(status), delaySeconds: numberIn(delay), body },
      }),
    { done: t`Answer changed`, invalidate: ['/v1/play-inboxes'], quiet: true },
  );
  return (
    <Dialog open onClose={onClose} title={t`Change answer`} description={t`Given from the next request on.`}>
      <Form error={save.error} onSubmit={() => save.mutate(undefined, { onSuccess: onClose })}>
        <div className="row" role="group" aria-label={t`Common answers`}>
          {PRESETS.map((preset) => (
            <Button
              key={preset.text}
              small
              onClick={() => {
                setStatus(String(preset.status));
                setDelay(String(preset.delaySeconds));
              }}
            >
              {preset.text}
            </Button>
          ))}
        </div>
        <TextField
          label={t`Status`}
          pointer="/answer/status"
          value={status}
          onChange={setStatus}
          inputMode="numeric"
          hint={t`200 to 599. 2xx is a success, 410 disables the endpoint, anything else is retried.`}
        />
        <TextField
          label={t`Delay in seconds`}
          pointer="/answer/delaySeconds"
          value={delay}
          onChange={setDelay}
          inputMode="numeric"
          hint={t`0 to 60. Longer than the timeout of the endpoint is a timeout.`}
        />
        <TextArea label={t`Body`} optional code pointer="/answer/body" value={body} onChange={setBody} />
        <Actions>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" variant="primary" busy={save.isPending}>
            <Trans>Save</Trans>
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
