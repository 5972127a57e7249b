import type { ColumnDef } from '@tanstack/react-table';
import { useState } from 'react';
import { Link } from 'react-router';
import { formatJson } from '../../api/exact-json';
import { useList } from '../../api/queries';
import type { AuditEntry } from '../../api/types';
import { ListTools } from '../../lists/list-tools';
import { useColumns } from '../../lists/use-columns';
import { CodeBlock } from '../../ui/copy';
import { DataTable } from '../../ui/data-table';
import { Drawer } from '../../ui/dialog';
import { FilterBar, FilterSelect, SearchBox, useDrawer, useFilters } from '../../ui/filters';
import { neighboursOf } from '../../ui/neighbours';
import { Card, Fact, Facts, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { ExactTime, TimeCell } from '../../ui/time';
import { PERIODS, usePeriodStart } from '../shared/use-period';
import { Changes } from './changes';
import { ACTIONS, ObjectLink, actionLabel } from './labels';

/** Of an exported file. */
const FIELDS = [
  'id',
  'at',
  'actorId',
  'actorName',
  'address',
  'requestId',
  'action',
  'object',
  'occurrences',
  'productId',
  'customerId',
  'changes',
  'detail',
] as const satisfies (keyof AuditEntry)[];

export function Audit() {
  const { values, set, active } = useFilters('actor', 'action', 'object', 'period');
  const since = usePeriodStart(values.period);
  const filter = { actor: values.actor, action: values.action, object: values.object, since };
  const list = useList<AuditEntry>('/v1/audit', filter);
  const drawer = useDrawer('entry');
  const open = list.rows.find(({ id }) => id === drawer.id) ?? null;
  const [all] = useState(() => columnsOf(drawer.show));
  const { columns, choice } = useColumns('audit', all);
  return (
    <>
      <PageHead title="Audit log" sub="Changes, revealed secrets, read payloads, sign-ins and refused requests." />
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
        <ListTools list="audit" columns={choice} source={{ path: '/v1/audit', query: filter, fields: FIELDS }} />
      </FilterBar>
      <Card flush>
        <DataTable
          label="Audit entries"
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          onOpen={({ id }) => drawer.show(id)}
          empty={
            active ? (
              <Empty title="No entries match these filters">Remove a filter to see more.</Empty>
            ) : (
              <Empty title="No entries yet">Entries appear here when somebody changes or reads something.</Empty>
            )
          }
        />
      </Card>
      <Drawer
        open={open !== null}
        onClose={drawer.close}
        title={open ? actionLabel(open.action) : ''}
        rowId={open?.id}
        neighbours={neighboursOf(list.rows, drawer, ({ id }) => id)}
      >
        {open && (
          <div className="stack">
            <Facts>
              <Fact name="Actor">{open.actorName}</Fact>
              <Fact name="Credential">{open.actorId}</Fact>
              <Fact name="Address">{open.address ?? 'not recorded'}</Fact>
              <Fact name="Time">
                <ExactTime at={open.at} />
              </Fact>
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
            {Object.keys(open.detail).length > 0 && <CodeBlock label="Detail" text={formatJson(open.detail, 2)} />}
          </div>
        )}
      </Drawer>
    </>
  );
}

function columnsOf(onOpen: (id: string) => void): ColumnDef<AuditEntry>[] {
  return [
    {
      header: 'Action',
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <>
          <button type="button" className="link-button truncate" onClick={() => onOpen(original.id)}>
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
      meta: { wide: true, width: 150 },
      cell: ({ row: { original } }) => Object.keys(original.changes).join(', '),
    },
    {
      header: 'Actor',
      meta: { wide: true, width: 260 },
      cell: ({ row: { original } }) => (
        <>
          <div className="truncate">{original.actorName}</div>
          {original.address !== null && <div className="muted truncate">{original.address}</div>}
        </>
      ),
    },
    {
      header: 'Time',
      meta: { width: 172, narrow: 104 },
      cell: ({ row: { original } }) => <TimeCell at={original.at} />,
    },
  ];
}
