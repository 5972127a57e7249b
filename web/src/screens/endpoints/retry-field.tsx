import { useState } from 'react';
import { SelectField, TextField } from '../../ui/form';
import { sayDuration, saySchedule } from '../../ui/time';
import { RETRY_PRESETS } from './formats';

const SECONDS: Record<string, number> = { s: 1, min: 60, m: 60, h: 3600, d: 86_400 };

/** When a failed delivery is repeated: as for the customer, as a preset has it, or by waits of one's own. */
export function RetryField({
  value,
  inherited,
  onChange,
}: {
  /** Waits in seconds; null: the customer's. */
  value: number[] | null;
  /** The customer's, in words. */
  inherited?: string;
  onChange(waits: number[] | null): void;
}) {
  const preset = value && RETRY_PRESETS.findIndex(({ waits }) => waits.join() === value.join());
  const [own, setOwn] = useState(preset === -1);
  const [text, setText] = useState(() => (value ?? RETRY_PRESETS[0]!.waits).map(sayDuration).join(', '));
  const choice = own ? 'own' : preset === null ? 'customer' : String(preset);
  function choose(next: string) {
    setOwn(next === 'own');
    if (next === 'own') onChange(waitsOf(text));
    else onChange(next === 'customer' ? null : RETRY_PRESETS[Number(next)]!.waits);
  }
  return (
    <div className="stack-s">
      <SelectField label="Retries" pointer={own ? undefined : '/retrySchedule'} value={choice} onChange={choose}>
        <option value="customer">As for the customer{inherited ? ` (${inherited})` : ''}</option>
        {RETRY_PRESETS.map(({ name, waits }, index) => (
          <option key={name} value={index}>
            {waits.length > 0 ? `${name} (${saySchedule(waits)})` : name}
          </option>
        ))}
        <option value="own">Own waits</option>
      </SelectField>
      {own && (
        <TextField
          label="Waits before each retry"
          pointer="/retrySchedule"
          hint="At most five, together at most a day: 30 s, 5 min, 2 h"
          value={text}
          onChange={(next) => {
            setText(next);
            onChange(waitsOf(next));
          }}
        />
      )}
    </div>
  );
}

/** `30, 5 min, 1 h 30 min` in seconds; what cannot be read is NaN, which the API refuses with a pointer. */
function waitsOf(text: string): number[] {
  return text
    .split(',')
    .filter((part) => part.trim())
    .map((part) => {
      const amounts = [...part.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/gi)];
      const rest = part.replace(/(\d+(?:\.\d+)?)\s*([a-z]*)/gi, '').trim();
      if (amounts.length === 0 || rest) return NaN;
      return amounts.reduce((sum, [, count, unit]) => sum + Number(count) * (unit ? (SECONDS[unit] ?? NaN) : 1), 0);
    });
}
