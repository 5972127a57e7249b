import { Trans } from '@lingui/react/macro';
import { Plus, Upload } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { EventType, Product } from '../../api/types';
import { Button } from '../../ui/button';
import { EventTypeDialog } from '../catalog/event-type-dialog';
import { ImportDialog } from '../catalog/import-dialog';

/** The product's event types, and ways to add more. */
export function TypesStep({ product, types }: { product: Product; types: EventType[] }) {
  const [dialog, setDialog] = useState<'new' | 'import' | null>(null);
  return (
    <div className="stack">
      {types.length === 0 ? (
        <p>
          <Trans>No event types yet. An event type describes what happened and the data that comes with it.</Trans>
        </p>
      ) : (
        <ul className="stack-s">
          {types.map(({ name, description }) => (
            <li key={name}>
              <Link to={`/catalog/${encodeURIComponent(name)}`}>{name}</Link>
              {description && <div className="muted">{description}</div>}
            </li>
          ))}
        </ul>
      )}
      <div className="row">
        <Button icon={Plus} variant={types.length === 0 ? 'primary' : 'plain'} onClick={() => setDialog('new')}>
          <Trans>New event type</Trans>
        </Button>
        <Button icon={Upload} onClick={() => setDialog('import')}>
          <Trans>Import</Trans>
        </Button>
      </div>
      {dialog === 'new' && <EventTypeDialog productId={product.id} stay onClose={() => setDialog(null)} />}
      {dialog === 'import' && <ImportDialog onClose={() => setDialog(null)} />}
    </div>
  );
}
