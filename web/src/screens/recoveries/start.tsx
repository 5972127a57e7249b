import { useState } from 'react';
import { useRead } from '../../api/queries';
import type { Page, Subscription } from '../../api/types';
import { Combobox } from '../../ui/combobox';
import { Dialog } from '../../ui/dialog';
import { RecoverForm } from '../endpoints/dialogs/recover';

const SUGGESTIONS = 20;

/** Starts a recovery: chooses the endpoint, then shows the same form as the endpoint's own page. */
export function StartRecovery({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Start recovery"
      description="Retries the failed notifications of one endpoint, oldest first."
    >
      <Start onClose={onClose} />
    </Dialog>
  );
}

function Start({ onClose }: { onClose(): void }) {
  const [q, setQ] = useState('');
  const [id, setId] = useState('');
  const found = useRead<Page<Subscription>>('/v1/subscriptions', { q, limit: SUGGESTIONS }).data?.items ?? [];
  const chosen = useRead<Subscription>(
    `/v1/subscriptions/${id}`,
    {},
    { enabled: id !== '', placeholderData: undefined },
  );
  return (
    <div className="stack">
      <Combobox
        label="Endpoint"
        placeholder="Name, URL, customer or ID"
        value={id}
        valueText={chosen.data?.name}
        onChange={setId}
        onSearch={setQ}
        options={found.map(({ id: value, name, customerId }) => ({ value, label: name, text: customerId }))}
      />
      {id !== '' && chosen.data && <RecoverForm key={id} subscription={chosen.data} onClose={onClose} />}
    </div>
  );
}
