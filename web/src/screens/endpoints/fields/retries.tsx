import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { SelectField } from '../../../ui/form';
import { formatSchedule } from '../../../ui/time';
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
  onChange(delays: number[] | null): void;
}) {
  const preset = value && RETRY_PRESETS.findIndex(({ delays }) => delays.join() === value.join());
  const [custom, setCustom] = useState(preset === -1);
  const delays = value ?? RETRY_PRESETS[0]!.delays;
  const current = custom ? 'custom' : preset === null ? 'customer' : String(preset);
  function choose(choice: string) {
    setCustom(choice === 'custom');
    if (choice === 'custom') onChange(delays);
    else onChange(choice === 'customer' ? null : RETRY_PRESETS[Number(choice)]!.delays);
  }
  return (
    <div className="stack-s">
      <SelectField
        label={t`Retries`}
        pointer={custom ? undefined : '/retrySchedule'}
        value={current}
        onChange={choose}
        // Beside its name, a schedule would be cut off on a phone.
        hint={custom ? undefined : value ? formatSchedule(value) : inherited}
      >
        <option value="customer">
          <Trans>Customer default</Trans>
        </option>
        {RETRY_PRESETS.map(({ name }, index) => (
          <option key={name} value={index}>
            {name}
          </option>
        ))}
        <option value="custom">
          <Trans>Custom</Trans>
        </option>
      </SelectField>
      {custom && <ScheduleField label={t`Delay before each retry`} value={delays} onChange={onChange} />}
    </div>
  );
}
