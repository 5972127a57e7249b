import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useRead } from '../../../api/queries';
import type { EventType, Page } from '../../../api/types';
import { Badge } from '../../../ui/badge';
import { Button } from '../../../ui/button';
import { SearchBox } from '../../../ui/filters';
import { FieldErrors, TextField, useFieldErrors } from '../../../ui/form';
import { Empty, Loaded } from '../../../ui/states';
import { Chips } from '../shared/chips';
import type { DraftProps } from '../shared/draft';
import styles from '../shared/endpoints.module.css';
import { isPattern, receives } from '../shared/event-types';
import { TypeRow } from './type-row';
import { useCustomerQuery } from '../../shared/use-customer';

const LIMIT = 200;
const POINTER = '/eventTypes';

/** Selects event types from the catalog, grouped by product, and patterns. */
export function TypeFields({ draft, set, existing }: DraftProps) {
  const [q, setQ] = useState('');
  const customer = useCustomerQuery(draft.customerId);
  const query = useRead<Page<EventType>>(
    '/v1/event-types',
    { q: q || undefined, productId: draft.productId || customer.data?.productId, archived: 'false', limit: LIMIT },
    // Without the customer, these would be the types of every product, and then change.
    { enabled: draft.productId !== '' || !customer.isLoading },
  );
  const errors = useFieldErrors(POINTER);
  const fixed = existing?.format === 'trigger';
  const { eventTypes } = draft;
  const toggle = (name: string) =>
    set({
      eventTypes: eventTypes.includes(name) ? eventTypes.filter((entry) => entry !== name) : [...eventTypes, name],
    });
  if (fixed)
    return (
      <div className="stack-s">
        <Chips label={t`Event types`} items={eventTypes} />
        <p className="field-hint">
          <Trans>
            An endpoint in Trigger format keeps the event types it was created with. To receive other types, create
            another endpoint.
          </Trans>
        </p>
      </div>
    );
  return (
    <>
      <Chips
        label={t`Selected`}
        items={eventTypes}
        empty={t`None selected yet`}
        onRemove={(name) => set({ eventTypes: eventTypes.filter((entry) => entry !== name) })}
      />
      {errors.length > 0 && (
        <div className="field-error" role="alert">
          <FieldErrors pointer={POINTER} errors={errors} />
        </div>
      )}
      <PatternField onAdd={(pattern) => eventTypes.includes(pattern) || toggle(pattern)} />
      <div className="row">
        <SearchBox label={t`Search event types`} value={q} onChange={setQ} />
      </div>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={q ? t`No event types match this search` : t`No event types yet`}>
              {q ? t`Try another word.` : t`A product adds them to the catalog. You can already add a pattern.`}
            </Empty>
          ) : (
            byProduct(items).map(([productId, types]) => (
              <section key={productId} aria-label={productId}>
                <h3 className={styles.group}>{productId}</h3>
                <ul className={styles.types}>
                  {types.map((type) => (
                    <TypeRow
                      key={type.name}
                      type={type}
                      chosen={eventTypes.includes(type.name)}
                      covered={receives(eventTypes.filter(isPattern), type.name)}
                      onToggle={() => toggle(type.name)}
                    />
                  ))}
                </ul>
              </section>
            ))
          )
        }
      </Loaded>
    </>
  );
}

function PatternField({ onAdd }: { onAdd(pattern: string): void }) {
  const [pattern, setPattern] = useState('');
  function add() {
    if (!pattern.trim()) return;
    onAdd(pattern.trim());
    setPattern('');
  }
  return (
    <div className={styles.addRow}>
      <TextField
        label={t`Pattern`}
        optional
        hint={
          <>
            <Trans>
              <Badge>payment.*.v1</Badge> matches version 1 of every payment event, <Badge>payment.*</Badge> every
              payment event, and <Badge>*</Badge> everything. Types added later are included.
            </Trans>
          </>
        }
        value={pattern}
        onChange={setPattern}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          add();
        }}
      />
      <Button icon={Plus} onClick={add}>
        <Trans>Add pattern</Trans>
      </Button>
    </div>
  );
}

function byProduct(types: EventType[]): [string, EventType[]][] {
  const groups = new Map<string, EventType[]>();
  for (const type of types) groups.set(type.productId, [...(groups.get(type.productId) ?? []), type]);
  return [...groups].sort(([one], [other]) => one.localeCompare(other));
}
