import type { ColumnDef } from '@tanstack/react-table';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
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
import { Changes } from './changes';
import { ACTIONS, ObjectLink, actionLabel } from './labels';

export function Audit() {
  const { values, set, active } = useFilters('actor', 'action', 'object', 'period');
  const since = usePeriodStart(values.period);
  const filter = { actor: values.actor, action: values.action, object: values.object, since };
  const list = useList<AuditEntry>('/v1/audit', filter);
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const [columns] = useState(() => columnsOf(setOpen));
  return (
    <>
      <PageHead title="Audit log" sub="Changes, revealed secrets, read payloads, sign-ins and refused requests.">
        <a className="button button-plain" href={exportUrl(filter)} download>
          <Download size={16} aria-hidden />
          Export
        </a>
      </PageHead>
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
              <Empty title="No entries yet">Entries appear here when somebody changes or reads something.</Empty>
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
              <Fact name="Address">{open.address ?? 'not recorded'}</Fact>
              <Fact name="Time">{utc(open.at)}</Fact>
              {open.occurrences > 1 && <Fact name="Occurrences">{open.occurrences} within a minute</Fact>}
              <Fact name="Object">
                <ObjectLink entry={open} />
              </Fact>
              {open.customerId !== null && (
                <Fact name="Customer">
                  <Link to={`/customers/${encodeURIComponent(open.customerId)}`}>{open.customerId}</Link>
                </Fact>
              )}
              {open.productId !== null && <Fact name="Product">{open.productId}</Fact>}
              <Fact name="Request ID">{open.requestId ?? 'not recorded'}</Fact>
            </Facts>
            <Changes changes={open.changes} />
            {Object.keys(open.detail).length > 0 && (
              <CodeBlock label="Detail" text={JSON.stringify(open.detail, null, 2)} />
            )}
          </div>
        )}
      </Drawer>
    </>
  );
}

/** The export of what the filters show. The session cookie authenticates it. */
function exportUrl(filter: Record<string, string | undefined>): string {
  const query = new URLSearchParams({ format: 'ndjson' });
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  return `/v1/audit?${query}`;
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
          <div className="muted truncate">
            {original.object}
            {original.occurrences > 1 && ` · ${original.occurrences} times`}
          </div>
        </>
      ),
    },
    {
      header: 'Changed',
      meta: { wide: true },
      cell: ({ row: { original } }) => Object.keys(original.changes).join(', '),
    },
    {
      header: 'Actor',
      meta: { wide: true },
      cell: ({ row: { original } }) => (
        <>
          <div className="truncate">{original.actorName}</div>
          {original.address !== null && <div className="muted truncate">{original.address}</div>}
        </>
      ),
    },
    { header: 'Time', cell: ({ row: { original } }) => <Time at={original.at} /> },
  ];
}
