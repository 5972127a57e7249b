import { useState } from 'react';
import { api } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Customer } from '../../api/types';
import { Button } from '../../ui/button';
import { CodeBlock } from '../../ui/copy';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, SelectField } from '../../ui/form';
import { sayDuration, utc } from '../../ui/time';

const LIVES = [900, 3600, 28_800, 86_400];

/** Creates a link that opens one customer's portal for a limited time. */
export function PortalDialog({ customer, onClose }: { customer: Customer; onClose(): void }) {
  const [life, setLife] = useState('3600');
  const make = useAction(
    () =>
      api.post<{ url: string; expiresAt: string }>('/v1/portal-sessions', {
        customerId: customer.id,
        expiresInSeconds: Number(life),
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
      {make.data ? (
        <div className="stack">
          <CodeBlock label="Link" text={make.data.url} />
          <p className="muted">Valid until {utc(make.data.expiresAt)}. The link is shown only once.</p>
          <Actions>
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </Actions>
        </div>
      ) : (
        <Form error={make.error} onSubmit={() => make.mutate()}>
          <SelectField label="Valid for" value={life} onChange={setLife} pointer="/expiresInSeconds">
            {LIVES.map((seconds) => (
              <option key={seconds} value={seconds}>
                {sayDuration(seconds)}
              </option>
            ))}
          </SelectField>
          <Actions>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={make.isPending}>
              Create link
            </Button>
          </Actions>
        </Form>
      )}
    </Dialog>
  );
}
