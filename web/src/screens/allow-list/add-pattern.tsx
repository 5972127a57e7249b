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
      done: ({ status }) => (status === 'approved' ? 'Pattern added' : 'Request sent to an admin'),
      quiet: true,
    },
  );
  return (
    <Dialog open onClose={onClose} title={administer ? 'Add a URL pattern' : 'Request a URL'}>
      <Form error={add.error} onSubmit={() => add.mutate(undefined, { onSuccess: onClose })}>
        <TextField
          label="Pattern"
          pointer="/pattern"
          value={pattern}
          onChange={setPattern}
          placeholder="https://hooks.example.com/payments"
          hint="scheme://host[:port][/path-prefix]. * matches any host, one subdomain label or any port, for example https://*.example.com"
          required
        />
        <CustomerField
          optional
          pointer="/customerId"
          value={customerId}
          onChange={setCustomerId}
          placeholder="All customers"
        />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={add.isPending} disabled={pattern.trim() === ''}>
            {administer ? 'Add pattern' : 'Send request'}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
