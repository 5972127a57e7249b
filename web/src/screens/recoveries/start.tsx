import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Page, Subscription } from '../../api/types';
import { Combobox } from '../../ui/combobox';
import { Dialog } from '../../ui/dialog';
import { SelectField } from '../../ui/form';
import { RecoverForm } from '../endpoints/dialogs/recover';
import { CustomerField } from '../shared/customer-field';
import { RangeForm } from './range-recovery';
import { RotateCcw } from 'lucide-react';
import { Button } from '../../ui/button';
import { Actions } from '../../ui/actions';

const SUGGESTIONS = 20;

/**
 * Starts a recovery: chooses an endpoint or a customer, then shows the same form as the page of
 * either.
 */
export function StartRecovery({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t`Start recovery`}
      description={t`Retries failed notifications, oldest first.`}
    >
      <Start onClose={onClose} />
    </Dialog>
  );
}

function Start({ onClose }: { onClose(): void }) {
  const { isCustomer } = usePermissions();
  const [scope, setScope] = useState('endpoint');
  return (
    <div className="stack">
      {!isCustomer && (
        <SelectField label={t`Scope`} value={scope} onChange={setScope}>
          <option value="endpoint">
            <Trans>One endpoint</Trans>
          </option>
          <option value="customer">
            <Trans>All endpoints of a customer</Trans>
          </option>
        </SelectField>
      )}
      {scope === 'endpoint' ? <OfEndpoint onClose={onClose} /> : <OfCustomer onClose={onClose} />}
    </div>
  );
}

function OfCustomer({ onClose }: { onClose(): void }) {
  const [id, setId] = useState('');
  return (
    <>
      <CustomerField value={id} onChange={setId} />
      {id === '' && <NotChosen onClose={onClose} />}
      {id !== '' && <RangeForm key={id} scope={{ customerId: id }} title={t`Recover ${id}`} onClose={onClose} />}
    </>
  );
}

function OfEndpoint({ onClose }: { onClose(): void }) {
  const [q, setQ] = useState('');
  const [id, setId] = useState('');
  const found = useRead<Page<Subscription>>('/v1/subscriptions', { q, limit: SUGGESTIONS }).data?.items ?? [];
  const chosen = useRead<Subscription>(
    `/v1/subscriptions/${id}`,
    {},
    { enabled: id !== '', placeholderData: undefined },
  );
  return (
    <>
      <Combobox
        label={t`Endpoint`}
        placeholder={t`Name, URL, customer or ID`}
        value={id}
        valueText={chosen.data?.name}
        onChange={setId}
        onSearch={setQ}
        options={found.map(({ id: value, name, customerId }) => ({ value, label: name, text: customerId }))}
      />
      {!(id !== '' && chosen.data) && <NotChosen onClose={onClose} />}
      {id !== '' && chosen.data && <RecoverForm key={id} subscription={chosen.data} onClose={onClose} />}
    </>
  );
}

/** The buttons of the form that follows, so that the dialog does not look finished before. */
function NotChosen({ onClose }: { onClose(): void }) {
  return (
    <Actions>
      <Button onClick={onClose}>
        <Trans>Cancel</Trans>
      </Button>
      <Button variant="primary" icon={RotateCcw} disabled>
        <Trans>Recover</Trans>
      </Button>
    </Actions>
  );
}
