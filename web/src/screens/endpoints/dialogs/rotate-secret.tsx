import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { api, at } from '../../../api/client';
import { useAction } from '../../../api/queries';
import type { Secret } from '../../../api/types';
import { Button } from '../../../ui/button';
import { Actions, Dialog } from '../../../ui/dialog';
import { Form, SelectField, SwitchField, TextField } from '../../../ui/form';
import { createSecretLink, type SecretLink } from '../../shared/secret-link';

const OVERLAPS = [
  { seconds: 0, text: t`Stops signing immediately` },
  { seconds: 3600, text: t`Keeps signing for 1 hour` },
  { seconds: 86_400, text: t`Keeps signing for 1 day` },
  { seconds: 604_800, text: t`Keeps signing for 1 week` },
];
const DEFAULT_SECONDS = '86400';

interface DialogProps {
  id: string;
  open: boolean;
  onClose(): void;
  /** @param link - to the new secret, if one was asked for */
  onRotated(secret: Secret, link?: SecretLink): void;
}

export function RotateDialog({ open, onClose, ...rest }: DialogProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t`Rotate secret`}
      description={t`The new secret signs from the next attempt.`}
    >
      <RotateForm {...rest} onClose={onClose} />
    </Dialog>
  );
}

function RotateForm({ id, onClose, onRotated }: Omit<DialogProps, 'open'>) {
  const [overlapSeconds, setOverlap] = useState(DEFAULT_SECONDS);
  const [customSecret, setCustomSecret] = useState<string | null>(null);
  const rotate = useAction(
    () =>
      api.post<Secret>(at`/v1/subscriptions/${id}/secret/rotate`, {
        overlapSeconds: Number(overlapSeconds),
        ...(customSecret !== null && { secret: customSecret }),
      }),
    { done: t`Secret rotated`, quiet: true, invalidate: ['/v1/audit'] },
  );
  const createLink = useAction(() => createSecretLink(id), { invalidate: ['/v1/audit'] });
  const submit = () =>
    rotate.mutate(undefined, {
      onSuccess(secret) {
        onRotated(secret);
        onClose();
      },
    });
  async function rotateAndLink() {
    const secret = await rotate.mutateAsync();
    onRotated(secret, await createLink.mutateAsync().catch(() => undefined));
    onClose();
  }
  return (
    <Form label={t`Rotate secret`} error={rotate.error} onSubmit={submit}>
      <SwitchField
        label={t`Generate a new secret`}
        checked={customSecret === null}
        onChange={(generate) => setCustomSecret(generate ? null : '')}
      />
      {customSecret !== null && (
        <TextField
          label={t`New secret`}
          pointer="/secret"
          hint={t`Any text, or whsec_ followed by 24 to 64 bytes in base64.`}
          value={customSecret}
          onChange={setCustomSecret}
        />
      )}
      <SelectField
        label={t`Old secret`}
        pointer="/overlapSeconds"
        hint={t`While both secrets sign, the receiver can switch without rejecting anything.`}
        value={overlapSeconds}
        onChange={setOverlap}
      >
        {OVERLAPS.map(({ seconds, text }) => (
          <option key={seconds} value={seconds}>
            {text}
          </option>
        ))}
      </SelectField>
      {overlapSeconds === '0' && (
        <p className="notice notice-warn">
          <Trans>A receiver that only knows the old secret will reject new deliveries.</Trans>
        </p>
      )}
      <Actions>
        <Button onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" variant="danger" busy={rotate.isPending}>
          <Trans>Rotate secret</Trans>
        </Button>
        <Button variant="danger" busy={rotate.isPending} onClick={() => void rotateAndLink().catch(() => undefined)}>
          <Trans>Rotate and create link</Trans>
        </Button>
      </Actions>
    </Form>
  );
}
