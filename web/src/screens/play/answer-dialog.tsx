import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { PlayInbox } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, TextArea, TextField } from '../../ui/form';

/** Answers that are worth a test. */
const PRESETS = [
  { text: 'OK', status: 200, delaySeconds: 0 },
  { text: 'Failing', status: 500, delaySeconds: 0 },
  { text: 'Overloaded', status: 503, delaySeconds: 0 },
  { text: 'Gone', status: 410, delaySeconds: 0 },
  { text: 'Slow', status: 200, delaySeconds: 30 },
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
    { done: 'Answer changed', invalidate: ['/v1/play-inboxes'], quiet: true },
  );
  return (
    <Dialog open onClose={onClose} title="Change answer" description="Given from the next request on.">
      <Form error={save.error} onSubmit={() => save.mutate(undefined, { onSuccess: onClose })}>
        <div className="row" role="group" aria-label="Common answers">
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
          label="Status"
          pointer="/answer/status"
          value={status}
          onChange={setStatus}
          inputMode="numeric"
          hint="200 to 599. 2xx is a success, 410 disables the endpoint, anything else is retried."
        />
        <TextField
          label="Delay in seconds"
          pointer="/answer/delaySeconds"
          value={delay}
          onChange={setDelay}
          inputMode="numeric"
          hint="0 to 60. Longer than the timeout of the endpoint is a timeout."
        />
        <TextArea label="Body" optional code pointer="/answer/body" value={body} onChange={setBody} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={save.isPending}>
            Save
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
