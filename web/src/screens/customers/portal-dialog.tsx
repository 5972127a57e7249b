import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
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
      title={t`Portal link for ${customer.name}`}
      description={t`Anyone with the link sees this customer's endpoints, logs and secrets, but no other customer's.`}
    >
      {create.data ? (
        <div className="stack">
          <CodeBlock label={t`Link`} text={create.data.url} />
          <p className="muted">
            <Trans>Valid until {exactTime(create.data.expiresAt)}.</Trans>{' '}
            {once ? t`The link is shown only once, and opens in one browser.` : t`The link is shown only once.`}
          </p>
          <Actions>
            {!once && (
              <a className="button" href={create.data.url} target="_blank" rel="noreferrer">
                <Trans>Open the portal</Trans>
              </a>
            )}
            <Button variant="primary" onClick={onClose}>
              <Trans>Done</Trans>
            </Button>
          </Actions>
        </div>
      ) : (
        <Form error={create.error} onSubmit={() => create.mutate()}>
          <SelectField label={t`Valid for`} value={lifetime} onChange={setLifetime} pointer="/expiresInSeconds">
            {LIFETIMES_SECONDS.map((seconds) => (
              <option key={seconds} value={seconds}>
                {formatDuration(seconds)}
              </option>
            ))}
          </SelectField>
          <SwitchField
            label={t`Opens once`}
            hint={t`The first browser that opens the link uses it up.`}
            checked={once}
            onChange={setOnce}
          />
          <Actions>
            <Button onClick={onClose}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" variant="primary" busy={create.isPending}>
              <Trans>Create link</Trans>
            </Button>
          </Actions>
        </Form>
      )}
    </Dialog>
  );
}
