import { useState } from 'react';
import { SelectField } from '../../../ui/form';
import { saySchedule } from '../../../ui/time';
import { ScheduleField } from '../../shared/schedule-field';
import { RETRY_PRESETS } from '../shared/formats';

/** The retry schedule: the customer's default, a preset, or custom delays. */
export function RetryField({
  value,
  inherited,
  onChange,
}: {
  /** Delays in seconds; null: the customer's default. */
  value: number[] | null;
  /** The customer's schedule, formatted. */
  inherited?: string;
  onChange(waits: number[] | null): void;
}) {
  const preset = value && RETRY_PRESETS.findIndex(({ waits }) => waits.join() === value.join());
  const [own, setOwn] = useState(preset === -1);
  const waits = value ?? RETRY_PRESETS[0]!.waits;
  const choice = own ? 'own' : preset === null ? 'customer' : String(preset);
  function choose(next: string) {
    setOwn(next === 'own');
    if (next === 'own') onChange(waits);
    else onChange(next === 'customer' ? null : RETRY_PRESETS[Number(next)]!.waits);
  }
  return (
    <div className="stack-s">
      <SelectField label="Retries" pointer={own ? undefined : '/retrySchedule'} value={choice} onChange={choose}>
        <option value="customer">Customer default{inherited ? ` (${inherited})` : ''}</option>
        {RETRY_PRESETS.map(({ name, waits }, index) => (
          <option key={name} value={index}>
            {waits.length > 0 ? `${name} (${saySchedule(waits)})` : name}
          </option>
        ))}
        <option value="own">Custom</option>
      </SelectField>
      {own && <ScheduleField label="Delay before each retry" value={waits} onChange={onChange} />}
    </div>
  );
}
