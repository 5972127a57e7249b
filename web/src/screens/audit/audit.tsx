import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { Link } from 'react-router';
import { formatJson } from '../../api/exact-json';
import { useList } from '../../api/lists';
import type { AuditEntry } from '../../api/types';
import { ListTools } from '../../lists/list-tools';
import { useColumns } from '../../lists/use-columns';
import type { Column } from '../../ui/column';
import { CodeBlock } from '../../ui/copy';
import { DataTable } from '../../ui/data-table';
import { Drawer } from '../../ui/dialog';
import { FilterBar, FilterSelect, SearchBox, useDrawer, useFilters } from '../../ui/filters';
import { neighboursOf } from '../../ui/neighbours';
import { Card, Fact, Facts, PageHead } from '../../ui/page';
import { Empty, NoMatch } from '../../ui/states';
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
  const { values, set, clear, active, count } = useFilters('actor', 'action', 'object', 'period');
  const since = usePeriodStart(values.period);
  const filter = { actor: values.actor, action: values.action, object: values.object, since };
  const list = useList<AuditEntry>('/v1/audit', filter, { view: formatJson(values) });
  const drawer = useDrawer('entry');
  const open = list.rows.find(({ id }) => id === drawer.id) ?? null;
  const [all] = useState(() => columnsOf(drawer.show));
  const { columns, choice } = useColumns('audit', all);
  return (
    <>
      <PageHead
        title={t`Audit log`}
        sub={t`Changes, revealed secrets, read payloads, sign-ins and refused requests.`}
      />
      <FilterBar count={count}>
        <SearchBox label={t`Object ID`} value={values.object} onChange={(object) => set({ object })} />
        <SearchBox label={t`Credential ID`} value={values.actor} onChange={(actor) => set({ actor })} />
        <FilterSelect
          label={t`Action`}
          value={values.action}
          options={ACTIONS}
          onChange={(action) => set({ action })}
        />
        <FilterSelect
          label={t`Period`}
          value={values.period}
          all={t`Any time`}
          options={PERIODS}
          onChange={(period) => set({ period })}
        />
        <ListTools list="audit" columns={choice} source={{ path: '/v1/audit', query: filter, fields: FIELDS }} />
      </FilterBar>
      <Card flush>
        <DataTable
          label={t`Audit entries`}
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          onOpen={({ id }) => drawer.show(id)}
          empty={
            active ? (
              <NoMatch title={t`No entries match these filters`} onClear={clear} />
            ) : (
              <Empty title={t`No entries yet`}>
                <Trans>Entries appear here when somebody changes or reads something.</Trans>
              </Empty>
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
              <Fact name={t`Actor`}>{open.actorName}</Fact>
              <Fact name={t`Credential`}>{open.actorId}</Fact>
              <Fact name={t`Address`}>{open.address ?? t`not recorded`}</Fact>
              <Fact name={t`Time`}>
                <ExactTime at={open.at} />
              </Fact>
              {open.occurrences > 1 && (
                <Fact name={t`Occurrences`}>
                  <Trans>{open.occurrences} within a minute</Trans>
                </Fact>
              )}
              <Fact name={t`Object`}>
                <ObjectLink entry={open} />
              </Fact>
              {open.customerId !== null && (
                <Fact name={t`Customer`}>
                  <Link to={`/customers/${encodeURIComponent(open.customerId)}`}>{open.customerId}</Link>
                </Fact>
              )}
              {open.productId !== null && <Fact name={t`Product`}>{open.productId}</Fact>}
              <Fact name={t`Request ID`}>{open.requestId ?? t`not recorded`}</Fact>
            </Facts>
            <Changes changes={open.changes} />
            {Object.keys(open.detail).length > 0 && <CodeBlock label={t`Detail`} text={formatJson(open.detail, 2)} />}
          </div>
        )}
      </Drawer>
    </>
  );
}

function columnsOf(onOpen: (id: string) => void): Column<AuditEntry>[] {
  return [
    {
      header: t`Action`,
      grow: true,
      cell: (entry) => (
        <>
          <button type="button" className="link-button truncate" onClick={() => onOpen(entry.id)}>
            {actionLabel(entry.action)}
          </button>
          <div className="muted truncate">
            {entry.object}
            {entry.occurrences > 1 && <> · {plural(entry.occurrences, { one: '# time', other: '# times' })}</>}
          </div>
        </>
      ),
    },
    {
      header: t`Changed`,
      wide: true,
      width: 190,
      cell: (entry) => Object.keys(entry.changes).join(', '),
    },
    {
      header: t`Actor`,
      wide: true,
      width: 240,
      cell: (entry) => (
        <>
          <div className="truncate">{entry.actorName}</div>
          {entry.address !== null && <div className="muted truncate">{entry.address}</div>}
        </>
      ),
    },
    {
      header: t`Time`,
      width: 172,
      narrow: 104,
      cell: (entry) => <TimeCell at={entry.at} />,
    },
  ];
}
