import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api/client';
import { useAction } from '../../api/queries';
import { useSession } from '../../api/session';
import type { PlayInbox } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, TextField } from '../../ui/form';
import { CustomerField } from '../shared/customer-field';

/** Creates an inbox and opens it. */
export function InboxDialog({ onClose }: { onClose(): void }) {
  const own = useSession().principal.customerId;
  const navigate = useNavigate();
  const [customerId, setCustomerId] = useState(own ?? '');
  const [name, setName] = useState('Test inbox');
  const create = useAction(() => api.post<PlayInbox>('/v1/play-inboxes', { customerId, name }), {
    done: 'Inbox created',
    invalidate: ['/v1/play-inboxes'],
    quiet: true,
  });
  const submit = () =>
    create.mutate(undefined, { onSuccess: ({ id }) => void navigate(`/play/${encodeURIComponent(id)}`) });
  return (
    <Dialog open onClose={onClose} title="New inbox">
      <Form error={create.error} onSubmit={submit}>
        {own === null && (
          <CustomerField
            pointer="/customerId"
            value={customerId}
            onChange={setCustomerId}
            hint="Signatures are checked with the secrets of this customer's endpoints."
          />
        )}
        <TextField label="Name" pointer="/name" value={name} onChange={setName} required />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="primary"
            busy={create.isPending}
            disabled={name.trim() === '' || customerId === ''}
          >
            Create
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
