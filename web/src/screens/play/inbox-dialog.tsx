import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
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

/** A button that creates an inbox. */
export function NewInbox() {
  const [creating, setCreating] = useState(false);
  return (
    <>
      <Button variant="primary" icon={Plus} onClick={() => setCreating(true)}>
        <Trans>New inbox</Trans>
      </Button>
      {creating && <InboxDialog onClose={() => setCreating(false)} />}
    </>
  );
}

/** Creates an inbox and opens it. */
function InboxDialog({ onClose }: { onClose(): void }) {
  const own = useSession().principal.customerId;
  const navigate = useNavigate();
  const [customerId, setCustomerId] = useState(own ?? '');
  const [name, setName] = useState(t`Test inbox`);
  const create = useAction(() => api.post<PlayInbox>('/v1/play-inboxes', { customerId, name }), {
    done: t`Inbox created`,
    invalidate: ['/v1/play-inboxes'],
    quiet: true,
  });
  const submit = () =>
    create.mutate(undefined, { onSuccess: ({ id }) => void navigate(`/play/${encodeURIComponent(id)}`) });
  return (
    <Dialog open onClose={onClose} title={t`New inbox`}>
      <Form error={create.error} onSubmit={submit}>
        {own === null && (
          <CustomerField
            pointer="/customerId"
            value={customerId}
            onChange={setCustomerId}
            hint={t`Signatures are checked with the secrets of this customer's endpoints.`}
          />
        )}
        <TextField label={t`Name`} pointer="/name" value={name} onChange={setName} required />
        <Actions>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button
            type="submit"
            variant="primary"
            busy={create.isPending}
            disabled={name.trim() === '' || customerId === ''}
          >
            <Trans>Create</Trans>
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
