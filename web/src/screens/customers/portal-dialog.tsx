import { useState } from 'react';
import { api } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Customer } from '../../api/types';
import { Button } from '../../ui/button';
import { CodeBlock } from '../../ui/copy';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, SelectField, SwitchField } from '../../ui/form';
import { formatDuration } from '../../ui/time';
import { exactTime } from '../../ui/zone';

const LIFETIMES_SECONDS = [900, 3600, 28_800, 86_400];

/** Creates a link that opens one customer's portal for a limited time. */
export function PortalDialog({ customer, onClose }: { customer: Customer; onClose(): void }) {
  const [lifetime, setLifetime] = useState('3600');
  const [once, setOnce] = useState(false);
  const create = useAction(
    () =>
      api.post<{ url: string; expiresAt: string }>('/v1/portal-sessions', {
        customerId: customer.id,
        expiresInSeconds: Number(lifetime),
        once,
      }),
    { quiet: true, invalidate: ['/v1/portal-sessions'] },
  );
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Portal link for ${customer.name}`}
      description="Anyone with the link sees this customer's endpoints, logs and secrets, but no other customer's."
    >
      {create.data ? (
        <div className="stack">
          <CodeBlock label="Link" text={create.data.url} />
          <p className="muted">
            Valid until {exactTime(create.data.expiresAt)}. The link is shown only once
            {once && ', and opens in one browser'}.
          </p>
          <Actions>
            <Button variant="primary" onClick={onClose}>
              Done
            </Button>
          </Actions>
        </div>
      ) : (
        <Form error={create.error} onSubmit={() => create.mutate()}>
          <SelectField label="Valid for" value={lifetime} onChange={setLifetime} pointer="/expiresInSeconds">
            {LIFETIMES_SECONDS.map((seconds) => (
              <option key={seconds} value={seconds}>
                {formatDuration(seconds)}
              </option>
            ))}
          </SelectField>
          <SwitchField
            label="Opens once"
            hint="The first browser that opens the link uses it up."
            checked={once}
            onChange={setOnce}
          />
          <Actions>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="primary" busy={create.isPending}>
              Create link
            </Button>
          </Actions>
        </Form>
      )}
    </Dialog>
  );
}
