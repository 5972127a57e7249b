import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Product } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, TextField } from '../../ui/form';

/** Changes how the portals of a product's customers look. */
export function AppearanceDialog({ product, onClose }: { product: Product; onClose(): void }) {
  const [draft, setDraft] = useState({
    name: product.branding.name ?? '',
    logoUrl: product.branding.logoUrl ?? '',
    accentColor: product.branding.accentColor ?? '',
  });
  const set = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  const given = (text: string) => text.trim() || null;
  const branding = {
    name: given(draft.name),
    logoUrl: given(draft.logoUrl),
    accentColor: given(draft.accentColor),
  };
  const save = useAction(() => api.patch<Product>(at`/v1/products/${product.id}`, { branding }), {
    done: t`Changes saved`,
    invalidate: ['/v1/products'],
    quiet: true,
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={t`Portal of ${product.name}`}
      description={t`What the customers of this product see in their portal. Empty fields look like Signpost.`}
    >
      <Form error={save.error} onSubmit={() => save.mutate(undefined, { onSuccess: onClose })}>
        <TextField
          label={t`Name`}
          optional
          pointer="/branding/name"
          placeholder={t`Acme Pay`}
          value={draft.name}
          onChange={(name) => set({ name })}
        />
        <TextField
          label={t`Logo URL`}
          optional
          pointer="/branding/logoUrl"
          placeholder="https://acme.example/logo.svg"
          hint={t`An https URL, or a data URL of an image in base64, at most 8,192 characters.`}
          value={draft.logoUrl}
          onChange={(logoUrl) => set({ logoUrl })}
        />
        <TextField
          label={t`Accent color`}
          optional
          pointer="/branding/accentColor"
          placeholder="#0a5c3b"
          hint={t`Color of buttons and links, readable with white text. The dark theme uses a lighter shade.`}
          value={draft.accentColor}
          onChange={(accentColor) => set({ accentColor })}
        />
        <Actions>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" variant="primary" busy={save.isPending}>
            <Trans>Save</Trans>
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
