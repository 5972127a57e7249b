import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Send } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../../api/client';
import { formatJson, parseJson } from '../../../api/exact-json';
import { useAction } from '../../../api/queries';
import type { Notification, Subscription } from '../../../api/types';
import { Button } from '../../../ui/button';
import { Actions, Dialog } from '../../../ui/dialog';
import { Form, SelectField, TextArea } from '../../../ui/form';
import { Empty } from '../../../ui/states';
import { validationError } from '../shared/draft';
import { DeliveryProgress } from '../shared/delivery-progress';
import { useReceivedTypes } from '../shared/use-types';

interface DialogProps {
  subscription: Subscription;
  open: boolean;
  onClose(): void;
}

/** Sends a sample through the real delivery pipeline and shows the result. */
export function TriggerDialog({ subscription, open, onClose }: DialogProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t`Trigger now`}
      description={
        subscription.status === 'enabled'
          ? t`Sent only to ${subscription.name}. Signed, recorded and retried like any event.`
          : t`${subscription.name} is not accepting deliveries. Triggered notifications are held.`
      }
    >
      <TriggerForm subscription={subscription} onClose={onClose} />
    </Dialog>
  );
}

function TriggerForm({ subscription, onClose }: Omit<DialogProps, 'open'>) {
  const types = useReceivedTypes(subscription);
  const [name, setName] = useState<string>();
  const [text, setText] = useState<string>();
  const type = types.find((candidate) => candidate.name === name) ?? types[0];
  const data = text ?? formatJson(type?.sample ?? {}, 2);
  const send = useAction(
    // Left out if unchanged: a customer may not choose looked-up data, and the sample is the API's
    // own.
    async () =>
      api.post<Notification>(at`/v1/subscriptions/${subscription.id}/trigger`, {
        type: type?.name,
        ...(text !== undefined && { data: parsed(text) }),
      }),
    { quiet: true, invalidate: ['/v1/subscriptions', '/v1/notifications'] },
  );
  if (send.data)
    return (
      <>
        <DeliveryProgress id={send.data.id} />
        <Actions>
          <Button onClick={() => send.reset()}>
            <Trans>Send another</Trans>
          </Button>
          <Button variant="primary" onClick={onClose}>
            <Trans>Done</Trans>
          </Button>
        </Actions>
      </>
    );
  if (!type)
    return (
      <Empty title={t`Nothing to send yet`}>
        <Trans>None of the endpoint’s event types is in the catalog.</Trans>
      </Empty>
    );
  return (
    <Form label={t`Trigger now`} error={send.error} onSubmit={() => send.mutate()}>
      <SelectField
        label={t`Event type`}
        pointer="/type"
        hint={type.description}
        value={type.name}
        onChange={(next) => {
          setName(next);
          setText(undefined);
        }}
      >
        {types.map((candidate) => (
          <option key={candidate.name}>{candidate.name}</option>
        ))}
      </SelectField>
      <TextArea
        label={t`Data`}
        pointer="/data"
        code
        rows={10}
        value={data}
        onChange={(next) => {
          // The typed data belongs to this type, also if another one becomes the first of the list.
          setName(type.name);
          setText(next);
        }}
      />
      <Actions>
        <Button onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" variant="primary" icon={Send} busy={send.isPending}>
          <Trans>Send</Trans>
        </Button>
      </Actions>
    </Form>
  );
}

/** @throws ProblemError with the pointer `/data`, if the text is not JSON */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw validationError({ path: '/data', message: t`Invalid JSON: ${(error as Error).message}` });
  }
}
