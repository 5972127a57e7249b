import { t } from '@lingui/core/macro';
import { FilterSelect } from '../../ui/filters';
import { segmentsOf, useProducts } from './use-products';

/** Absent while no product is in a segment. */
export function SegmentFilter({ value, onChange }: { value: string; onChange(value: string): void }) {
  const segments = segmentsOf(useProducts());
  if (segments.length === 0 && value === '') return null;
  return <FilterSelect label={t`Segment`} value={value} onChange={onChange} options={segments} />;
}
