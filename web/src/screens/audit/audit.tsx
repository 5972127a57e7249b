import type { ColumnDef } from '@tanstack/react-table';
import { useState } from 'react';
import { useList } from '../../api/queries';
import type { AuditEntry } from '../../api/types';
import { CodeBlock } from '../../ui/copy';
import { DataTable } from '../../ui/data-table';
import { Drawer } from '../../ui/dialog';
import { FilterBar, FilterSelect, SearchBox, useFilters } from '../../ui/filters';
import { Card, Fact, Facts, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { Time, utc } from '../../ui/time';
import { PERIODS, usePeriodStart } from '../shared/use-period';
import { ACTIONS, ObjectLink, sayAction } from './words';

/** Who changed, revealed, retried or cancelled what. */
export function Audit() {
  const { values, set } = useFilters('actor', 'action', 'object', 'period');
  const since = usePeriodStart(values.period);
  const list = useList<AuditEntry>('/v1/audit', {
    actor: values.actor,
    action: values.action,
    object: values.object,
    since,
  });
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const [columns] = useState(() => columnsOf(setOpen));
  return (
    <>
      <PageHead title="Audit" sub="Every change, and every secret that was looked at." />
      <FilterBar>
        <SearchBox label="Id of the object" value={values.object} onChange={(object) => set({ object })} />
        <SearchBox label="Id of the credential" value={values.actor} onChange={(actor) => set({ actor })} />
        <FilterSelect label="What" value={values.action} options={ACTIONS} onChange={(action) => set({ action })} />
        <FilterSelect
          label="When"
          value={values.period}
          all="At any time"
          options={PERIODS}
          onChange={(period) => set({ period })}
        />
      </FilterBar>
      <Card flush>
        <DataTable
          label="Audit entries"
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          onOpen={(entry) => setOpen(entry)}
          empty={<Empty title="Nothing is like that">Take a filter back to see more.</Empty>}
        />
      </Card>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={open ? sayAction(open.action) : ''}>
        {open && (
          <div className="stack">
            <Facts>
              <Fact name="Who">{open.actorName}</Fact>
              <Fact name="Credential">{open.actorId}</Fact>
              <Fact name="When">{utc(open.at)}</Fact>
              <Fact name="What">
                <ObjectLink entry={open} />
              </Fact>
            </Facts>
            <CodeBlock label="Detail" text={JSON.stringify(open.detail, null, 2)} />
          </div>
        )}
      </Drawer>
    </>
  );
}

function columnsOf(onOpen: (entry: AuditEntry) => void): ColumnDef<AuditEntry>[] {
  return [
    {
      header: 'What',
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <>
          <button type="button" className="link-button truncate" onClick={() => onOpen(original)}>
            {sayAction(original.action)}
          </button>
          <div className="muted truncate">{original.object}</div>
        </>
      ),
    },
    { header: 'Who', meta: { wide: true }, cell: ({ row: { original } }) => original.actorName },
    { header: 'When', cell: ({ row: { original } }) => <Time at={original.at} /> },
  ];
}
