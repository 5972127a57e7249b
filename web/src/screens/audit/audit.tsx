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
import { ACTIONS, ObjectLink, actionLabel } from './labels';

export function Audit() {
  const { values, set, active } = useFilters('actor', 'action', 'object', 'period');
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
      <PageHead title="Audit log" sub="Every change, and every secret that was revealed." />
      <FilterBar>
        <SearchBox label="Object ID" value={values.object} onChange={(object) => set({ object })} />
        <SearchBox label="Credential ID" value={values.actor} onChange={(actor) => set({ actor })} />
        <FilterSelect label="Action" value={values.action} options={ACTIONS} onChange={(action) => set({ action })} />
        <FilterSelect
          label="Period"
          value={values.period}
          all="Any time"
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
          empty={
            active ? (
              <Empty title="No entries match these filters">Remove a filter to see more.</Empty>
            ) : (
              <Empty title="No entries yet" />
            )
          }
        />
      </Card>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={open ? actionLabel(open.action) : ''}>
        {open && (
          <div className="stack">
            <Facts>
              <Fact name="Actor">{open.actorName}</Fact>
              <Fact name="Credential">{open.actorId}</Fact>
              <Fact name="Time">{utc(open.at)}</Fact>
              <Fact name="Object">
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
      header: 'Action',
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <>
          <button type="button" className="link-button truncate" onClick={() => onOpen(original)}>
            {actionLabel(original.action)}
          </button>
          <div className="muted truncate">{original.object}</div>
        </>
      ),
    },
    { header: 'Actor', meta: { wide: true }, cell: ({ row: { original } }) => original.actorName },
    { header: 'Time', cell: ({ row: { original } }) => <Time at={original.at} /> },
  ];
}
