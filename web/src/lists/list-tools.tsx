import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Bookmark, Columns3, Download, Plus } from 'lucide-react';
import { useState } from 'react';
import { formatNumber } from '../i18n/i18n';
import { Button } from '../ui/button';
import { Menu } from '../ui/menu';
import styles from './list-tools.module.css';
import type { ColumnChoice } from './use-columns';
import { useExport, type ExportSource } from './use-export';
import { useViews, ViewsDialog } from './views';

/**
 * What a list offers beside its filters: saved views, the choice of columns, and export.
 *
 * @param list - the name of the list, also of the exported file
 */
export function ListTools({ list, columns, source }: { list: string; columns: ColumnChoice; source: ExportSource }) {
  return (
    <div className={styles.tools}>
      <Views list={list} />
      <Columns choice={columns} />
      <Export list={list} source={source} />
    </div>
  );
}

function Views({ list }: { list: string }) {
  const views = useViews(list);
  const [managing, setManaging] = useState(false);
  return (
    <>
      <Menu
        label={t`Views`}
        trigger={
          <Button small icon={Bookmark}>
            <Trans>Views</Trans>
          </Button>
        }
        items={[
          ...views.views.map((view) => ({ text: view.name, onSelect: () => views.open(view) })),
          {
            text: views.views.length === 0 ? t`Save this view…` : t`Save or delete…`,
            icon: Plus,
            onSelect: () => setManaging(true),
          },
        ]}
      />
      <ViewsDialog open={managing} onClose={() => setManaging(false)} views={views} />
    </>
  );
}

function Columns({ choice: { options, toggle } }: { choice: ColumnChoice }) {
  return (
    <Menu
      label={t`Columns`}
      trigger={
        <Button small icon={Columns3}>
          <Trans>Columns</Trans>
        </Button>
      }
      items={options.map(({ name, shown }) => ({ text: name, checked: shown, onSelect: () => toggle(name) }))}
    />
  );
}

function Export({ list, source }: { list: string; source: ExportSource }) {
  const { rows, start, stop } = useExport(list, source);
  if (rows !== undefined)
    return (
      <span className="row" role="status">
        <span className="muted num">
          <Trans>Exporting {formatNumber(rows)} rows…</Trans>
        </span>
        <Button small onClick={stop}>
          <Trans>Stop</Trans>
        </Button>
      </span>
    );
  return (
    <Menu
      label={t`Export`}
      trigger={
        <Button small icon={Download}>
          <Trans>Export</Trans>
        </Button>
      }
      items={[
        { text: t`CSV, for spreadsheets`, onSelect: () => void start('csv') },
        { text: 'JSON', onSelect: () => void start('json') },
      ]}
    />
  );
}
