import { t } from '@lingui/core/macro';
import { TextField } from '../../ui/form';

/** The paths into `data` by which events of a type are found. */
export function SearchKeysField({ value, onChange }: { value: string; onChange(value: string): void }) {
  return (
    <TextField
      label={t`Search keys`}
      optional
      pointer="/searchKeys"
      value={value}
      onChange={onChange}
      placeholder="$.order.id, $.lines[*].sku"
      hint={t`Up to 5 paths into the data. New events are found in the logs by the values there. Values are stored in clear, like the data.`}
    />
  );
}
