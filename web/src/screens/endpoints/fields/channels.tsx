import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../../ui/button';
import { SelectField, TextField } from '../../../ui/form';
import { Chips } from '../shared/chips';
import type { DraftProps } from '../shared/draft';
import styles from '../shared/endpoints.module.css';

const KINDS = [
  { id: 'client', title: t`Client`, prefix: 'client_' },
  { id: 'agent', title: t`Agent`, prefix: 'agent_' },
  { id: 'own', title: t`Other`, prefix: '' },
];

/** Limits the endpoint to events with one of its channels. Without channels, it receives all. */
export function ChannelFields({
  draft: { channels },
  set,
}: Pick<DraftProps, 'set'> & { draft: { channels: string[] } }) {
  const [kind, setKind] = useState('client');
  const [name, setName] = useState('');
  const { prefix } = KINDS.find(({ id }) => id === kind)!;
  function add() {
    const channel = name.trim().startsWith(prefix) ? name.trim() : prefix + name.trim();
    if (!name.trim()) return;
    if (!channels.includes(channel)) set({ channels: [...channels, channel] });
    setName('');
  }
  return (
    <>
      <p className="muted">
        {channels.length === 0
          ? t`Without channels, the endpoint receives every event of its types.`
          : t`The endpoint receives only events that carry one of these channels.`}
      </p>
      <Chips
        label={t`Channels`}
        items={channels}
        onRemove={(channel) => set({ channels: channels.filter((entry) => entry !== channel) })}
      />
      <div className={styles.channel}>
        <SelectField label={t`Kind`} value={kind} onChange={setKind}>
          {KINDS.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </SelectField>
        <TextField
          label={prefix ? t`ID` : t`Name`}
          pointer="/channels"
          hint={prefix ? t`Added as ${prefix}${name.trim() || '…'}` : undefined}
          placeholder={prefix ? '42' : 'eu-west'}
          value={name}
          onChange={setName}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
        />
        <Button icon={Plus} onClick={add}>
          <Trans>Add channel</Trans>
        </Button>
      </div>
    </>
  );
}
