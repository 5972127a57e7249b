import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { api } from '../../api/client';
import { useAction } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { AllowlistEntry } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, TextField } from '../../ui/form';
import { CustomerField } from '../shared/customer-field';

/** Adds a pattern. An admin's is approved immediately; anyone else's is a request. */
export function AddPattern({ onClose }: { onClose(): void }) {
  const { administer } = usePermissions();
  const [pattern, setPattern] = useState('');
  const [customerId, setCustomerId] = useState('');
  const add = useAction(
    () => api.post<AllowlistEntry>('/v1/url-allowlist', { pattern, ...(customerId ? { customerId } : {}) }),
    {
      done: ({ status }) => (status === 'approved' ? t`Pattern added` : t`Request sent to an admin`),
      quiet: true,
    },
  );
  return (
    <Dialog open onClose={onClose} title={administer ? t`Add a URL pattern` : t`Request a URL`}>
      <Form error={add.error} onSubmit={() => add.mutate(undefined, { onSuccess: onClose })}>
        <TextField
          label={t`Pattern`}
          pointer="/pattern"
          value={pattern}
          onChange={setPattern}
          placeholder="https://hooks.example.com/payments"
          hint={t`scheme://host[:port][/path-prefix]. * matches any host, one subdomain label or any port, for example https://*.example.com`}
          required
        />
        <CustomerField
          optional
          pointer="/customerId"
          value={customerId}
          onChange={setCustomerId}
          placeholder={t`All customers`}
        />
        <Actions>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" variant="primary" busy={add.isPending} disabled={pattern.trim() === ''}>
            {administer ? t`Add pattern` : t`Send request`}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
