import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Send } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, at } from '../../api/client';
import { useAction, useRead } from '../../api/queries';
import type { Notification, Page, SignpostEvent, Subscription } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Combobox } from '../../ui/combobox';
import { Actions, Dialog } from '../../ui/dialog';
import { Form } from '../../ui/form';
import { CLOSED } from '../shared/notification-status';

const SUGGESTIONS = 20;
const POLL_MS = 1500;

type EventToSend = Pick<SignpostEvent, 'webhookId' | 'type' | 'customerId'>;

/**
 * Sends an event to one endpoint: chooses it, asks for confirmation, then follows the delivery.
 *
 * @param target - the endpoint; with an empty id it is chosen in the dialog
 */
export function SendTo({
  event,
  target,
  onClose,
}: {
  event: EventToSend;
  target: { id: string; name: string };
  onClose(): void;
}) {
  const [chosen, setChosen] = useState(target.id);
  const [q, setQ] = useState('');
  const found =
    useRead<Page<Subscription>>(
      '/v1/subscriptions',
      { q, limit: SUGGESTIONS, customerId: event.customerId },
      { enabled: target.id === '' },
    ).data?.items ?? [];
  const name = target.name || found.find(({ id }) => id === chosen)?.name;
  const send = useAction(
    () => api.post<Notification>(at`/v1/events/${event.webhookId}/replay`, { subscriptionId: chosen }),
    { quiet: true, invalidate: ['/v1/events', '/v1/notifications', '/v1/overview'] },
  );
  return (
    <Dialog
      open
      onClose={onClose}
      title={target.name ? t`Send to ${target.name}?` : t`Send to an endpoint`}
      description={t`Creates another delivery of this ${event.type} event, also for an endpoint that does not listen to it. The webhook-id stays the same, so a receiver that already has it can detect the duplicate.`}
    >
      {send.data ? (
        <Sent id={send.data.id} onClose={onClose} />
      ) : (
        <Form label={t`Send to`} error={send.error} onSubmit={() => send.mutate()}>
          {target.id === '' && (
            <Combobox
              label={t`Endpoint`}
              pointer="/subscriptionId"
              placeholder={t`Name, URL or ID`}
              value={chosen}
              valueText={name ?? chosen}
              onChange={setChosen}
              onSearch={setQ}
              options={found.map(({ id, name: label, url }) => ({ value: id, label, text: url }))}
            />
          )}
          <Actions>
            <Button onClick={onClose}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" variant="primary" icon={Send} busy={send.isPending} disabled={chosen === ''}>
              <Trans>Send</Trans>
            </Button>
          </Actions>
        </Form>
      )}
    </Dialog>
  );
}

/** Sends the event of a notification to another endpoint of the customer. */
export function SendToButton({
  notification: { eventId, eventType, customerId },
}: {
  notification: Pick<Notification, 'eventId' | 'eventType' | 'customerId'>;
}) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon={Send} onClick={() => setOpen(true)}>
        <Trans>Send to…</Trans>
      </Button>
      {open && (
        <SendTo
          event={{ webhookId: eventId, type: eventType, customerId }}
          target={{ id: '', name: '' }}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

function Sent({ id, onClose }: { id: string; onClose(): void }) {
  const notification = useRead<Notification>(
    at`/v1/notifications/${id}`,
    {},
    { refetchInterval: ({ state }) => (state.data && CLOSED.includes(state.data.status) ? false : POLL_MS) },
  ).data;
  const status = notification?.status ?? 'pending';
  const why = notification?.lastError?.message;
  return (
    <>
      <p className="row" role="status">
        <StatusBadge status={status} />
        {status === 'held' ? t`Held until the endpoint accepts deliveries again.` : why && <span>{why}</span>}
        <Link to={`/logs?open=${id}`} onClick={onClose}>
          <Trans>Open the delivery</Trans>
        </Link>
      </p>
      <Actions>
        <Button variant="primary" onClick={onClose}>
          <Trans>Close</Trans>
        </Button>
      </Actions>
    </>
  );
}
