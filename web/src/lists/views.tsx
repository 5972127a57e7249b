import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useSession } from '../api/session';
import { Actions } from '../ui/actions';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Form, TextField } from '../ui/form';
import { useStored } from './stored';

/** A name for the filters of a list. `search` is the query of its address. */
export interface View {
  name: string;
  search: string;
}

/** Parts of an address that open a panel, and are no filter. */
const PANELS = ['open', 'event', 'attempt', 'entry'];

/** The saved views of a list. Each credential and person has its own in this browser. */
export function useViews(list: string) {
  const navigate = useNavigate();
  const [views, store] = useStored<View>(`views-${useSession().principal.id}-${list}`);
  const without = (name: string) => views.filter((view) => view.name !== name);
  return {
    views,
    open: ({ search }: View) => void navigate({ search }),
    /** Replaces a view of the same name. */
    save: (name: string) =>
      store([...without(name), { name, search: currentSearch() }].sort((a, b) => a.name.localeCompare(b.name))),
    remove: (name: string) => store(without(name)),
  };
}

function currentSearch(): string {
  const params = new URLSearchParams(window.location.search);
  for (const name of PANELS) params.delete(name);
  return params.toString();
}

/** Saves the filters on the screen under a name, and deletes saved views. */
export function ViewsDialog({
  open,
  onClose,
  views,
}: {
  open: boolean;
  onClose(): void;
  views: ReturnType<typeof useViews>;
}) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t`Saved views`}
      description={t`A view keeps the filters and the sort order of this list in this browser.`}
    >
      <SaveForm views={views} onClose={onClose} />
    </Dialog>
  );
}

function SaveForm({
  views: { views, save, remove },
  onClose,
}: {
  views: ReturnType<typeof useViews>;
  onClose(): void;
}) {
  const [name, setName] = useState('');
  const trimmed = name.trim();
  const replaces = views.some((view) => view.name === trimmed);
  return (
    <Form
      label={t`Save view`}
      onSubmit={() => {
        if (trimmed === '') return;
        save(trimmed);
        onClose();
      }}
    >
      {views.length > 0 && (
        <ul className="stack-s" aria-label={t`Saved views`}>
          {views.map((view) => (
            <li key={view.name} className="row">
              <span className="grow wrap-anywhere">{view.name}</span>
              <Button
                small
                variant="ghost"
                icon={Trash2}
                label={t`Delete the view ${view.name}`}
                onClick={() => remove(view.name)}
              />
            </li>
          ))}
        </ul>
      )}
      <TextField
        label={t`Name of the current view`}
        maxLength={60}
        value={name}
        hint={replaces ? t`Replaces the saved view of this name.` : undefined}
        onChange={setName}
      />
      <Actions>
        <Button onClick={onClose}>
          <Trans>Close</Trans>
        </Button>
        <Button variant="primary" type="submit" disabled={trimmed === ''}>
          <Trans>Save view</Trans>
        </Button>
      </Actions>
    </Form>
  );
}
